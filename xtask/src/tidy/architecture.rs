//! Rules about which crate may depend on which.
//!
//! The design keeps SQL in one crate, the web server out of the core, and plugins so small that
//! they know the core alone. These borders hold only as long as something checks them.
//! Dependencies that only tests need are free.

use crate::metadata::{Metadata, Package};

/// SQLite, under all names it goes by.
const DATABASE: &[&str] = &["rusqlite", "libsqlite3-sys"];

/// The only crates that may use SQLite directly: the store, what looks at it from outside to judge plugins, and
/// tools beside the product.
const MAY_USE_DATABASE: &[&str] = &[
    "datalake-store",
    "datalake-testkit",
    "datalake-benches",
    "xtask",
];

/// The conformance kit. Plugins use it in their tests, which is free.
const TESTKIT: &str = "datalake-testkit";

/// Every broken rule.
pub(super) fn problems(metadata: &Metadata) -> Vec<String> {
    let mut problems = core_problems(metadata);
    problems.extend(plugins(metadata).flat_map(|plugin| plugin_problems(metadata, plugin)));
    problems.extend(testkit_problems(metadata));
    problems.extend(facade_problems(metadata));
    problems.extend(database_problems(metadata));
    problems
}

/// The crates in folders below `plugins/`; the facade in that folder itself is not one of them.
fn plugins(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    metadata
        .members()
        .filter(|member| member.folder().starts_with("plugins/"))
}

/// The core is what everybody else builds on, so it knows nobody, not even through others.
fn core_problems(metadata: &Metadata) -> Vec<String> {
    let Some(core) = metadata.member("datalake-core") else {
        return vec!["the workspace has no crate `datalake-core`".to_owned()];
    };
    let is_plugin = |name: &str| {
        name == "datalake-plugins" || plugins(metadata).any(|plugin| plugin.name == name)
    };
    let reached = metadata.reaches(core).into_iter();
    let wrong = reached.filter(|name| is_database(name) || is_web(name) || is_plugin(name));
    wrong
        .map(|name| complaint(core, name, "the core knows no storage, web or plugin"))
        .collect()
}

/// A plugin turns foreign files into records; storing and serving them is not its business.
/// It reaches tokio through the core, so there only its own list counts.
fn plugin_problems(metadata: &Metadata, plugin: &Package) -> Vec<String> {
    let rule = "a plugin knows only the core: no storage, web or runtime";
    let far = |name: &&str| {
        is_database(name) || is_web(name) || ["datalake-store", TESTKIT].contains(name)
    };
    let mut wrong: Vec<&str> = metadata.reaches(plugin).into_iter().filter(far).collect();
    let runtime = |name: &&String| is_family(name, "tokio");
    wrong.extend(plugin.needs.iter().filter(runtime).map(String::as_str));
    wrong
        .into_iter()
        .map(|name| complaint(plugin, name, rule))
        .collect()
}

/// The conformance kit judges every plugin alike, so it knows none, nor the program that runs it.
fn testkit_problems(metadata: &Metadata) -> Vec<String> {
    let Some(testkit) = metadata.member(TESTKIT) else {
        return vec![format!("the workspace has no crate `{TESTKIT}`")];
    };
    let stands_on = ["datalake-core", "datalake-store"];
    let is_member = |name: &str| metadata.member(name).is_some();
    let reached = metadata.reaches(testkit).into_iter();
    let wrong = reached.filter(|name| is_web(name) || is_member(name) && !stands_on.contains(name));
    wrong
        .map(|name| complaint(testkit, name, "the kit stands on core and store alone"))
        .collect()
}

/// A plugin that the facade does not name is never linked, so it would silently do nothing.
fn facade_problems(metadata: &Metadata) -> Vec<String> {
    let Some(facade) = metadata.member("datalake-plugins") else {
        return vec!["the workspace has no crate `datalake-plugins`".to_owned()];
    };
    let forgotten = plugins(metadata).filter(|plugin| !facade.needs.contains(&plugin.name));
    forgotten
        .map(|plugin| format!("{}: does not name {}", facade.manifest, plugin.name))
        .collect()
}

/// All SQL is in one crate, so that the schema can change in one place.
fn database_problems(metadata: &Metadata) -> Vec<String> {
    let outsiders = metadata
        .members()
        .filter(|member| !MAY_USE_DATABASE.contains(&member.name.as_str()));
    outsiders
        .flat_map(|member| {
            let wrong = member.needs.iter().filter(|name| is_database(name));
            wrong.map(|name| complaint(member, name, "only datalake-store talks to SQLite"))
        })
        .collect()
}

fn complaint(package: &Package, name: &str, rule: &str) -> String {
    format!(
        "{}: {} must not depend on {name}: {rule}",
        package.manifest, package.name
    )
}

fn is_database(name: &str) -> bool {
    DATABASE.contains(&name)
}

fn is_web(name: &str) -> bool {
    is_family(name, "poem")
}

/// True for the crate itself and for its companions, such as `poem-openapi`.
fn is_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, folder: &str, needs: &[&str]) -> Package {
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            member: true,
            manifest: format!("{folder}/Cargo.toml"),
            needs: needs.iter().map(|name| (*name).to_owned()).collect(),
            ..Package::default()
        }
    }

    /// A healthy workspace, in which each test breaks one thing.
    fn healthy() -> Vec<Package> {
        vec![
            member("datalake-core", "core", &["serde", "tokio"]),
            member(
                "datalake-store",
                "store",
                &["datalake-core", "rusqlite", "tokio"],
            ),
            member(
                "datalake-testkit",
                "testkit",
                &["datalake-core", "datalake-store", "rusqlite"],
            ),
            member("datalake-plugins", "plugins", &["datalake-x"]),
            member("datalake-x", "plugins/x", &["datalake-core", "serde"]),
        ]
    }

    fn broken(name: &str, need: &str) -> Vec<String> {
        let mut packages = healthy();
        let package = packages
            .iter_mut()
            .find(|package| package.name == name)
            .unwrap();
        package.needs.push(need.to_owned());
        problems(&Metadata::of(packages))
    }

    #[test]
    fn the_healthy_workspace_has_no_problems() {
        let metadata = Metadata::of(healthy());
        assert_eq!(problems(&metadata), Vec::<String>::new());
    }

    #[test]
    fn the_core_knows_nobody() {
        for need in ["rusqlite", "poem-openapi", "datalake-plugins", "datalake-x"] {
            let problems = broken("datalake-core", need).join("\n");
            assert!(problems.contains(&format!("datalake-core must not depend on {need}")));
        }
    }

    #[test]
    fn plugins_know_only_the_core() {
        for need in [
            "rusqlite",
            "tokio",
            "tokio-util",
            "poem",
            "datalake-store",
            "datalake-testkit",
        ] {
            let problems = broken("datalake-x", need).join("\n");
            assert!(problems.contains(&format!("datalake-x must not depend on {need}")));
        }
        assert!(broken("datalake-x", "poems").is_empty());
    }

    #[test]
    fn the_kit_knows_no_plugin() {
        for need in ["datalake-x", "datalake-plugins", "poem"] {
            let problems = broken("datalake-testkit", need).join("\n");
            assert!(problems.contains(&format!("datalake-testkit must not depend on {need}")));
        }
    }

    #[test]
    fn the_facade_names_every_plugin() {
        let mut packages = healthy();
        packages.push(member("datalake-y", "plugins/y", &["datalake-core"]));
        let problems = problems(&Metadata::of(packages));
        assert_eq!(problems, ["plugins/Cargo.toml: does not name datalake-y"]);
    }

    #[test]
    fn only_the_store_talks_to_sqlite() {
        assert!(broken("datalake-plugins", "rusqlite")[0].contains("only datalake-store"));
    }
}
