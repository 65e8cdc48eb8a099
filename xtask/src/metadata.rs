//! What `cargo metadata` says about the workspace, reduced to what our checks ask.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::{Outcome, cargo, output, repo_root};

/// The workspace and everything it depends on.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
    /// Package id to the ids it needs to build and run; what only tests need is left out.
    edges: BTreeMap<String, Vec<String>>,
}

/// One package.
#[derive(Debug, Default, Clone)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// True for the crates of this repository.
    pub(crate) member: bool,
    /// Path of Cargo.toml: relative to the repository for members, absolute for others.
    pub(crate) manifest: String,
    /// Names in the tables `dependencies` and `build-dependencies`, optional ones included.
    pub(crate) needs: Vec<String>,
}

impl Metadata {
    /// Asks cargo; `--locked` so that a check never changes Cargo.lock.
    pub(crate) fn load() -> Outcome<Self> {
        let text = output(&mut cargo(&[
            "metadata",
            "--format-version",
            "1",
            "--locked",
        ]))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| format!("`cargo metadata` printed broken JSON: {error}"))?;
        Ok(Self::from_json(&value, &repo_root()))
    }

    /// A workspace of packages whose direct needs are all there is to know, for other tests.
    #[cfg(test)]
    pub(crate) fn of(packages: Vec<Package>) -> Self {
        Self {
            packages,
            ..Self::default()
        }
    }

    fn from_json(value: &Value, root: &Path) -> Self {
        let members: BTreeSet<String> = texts(&value["workspace_members"]).collect();
        let packages = items(&value["packages"]).map(|item| package(item, &members, root));
        let nodes = items(&value["resolve"]["nodes"]).map(|node| (text(&node["id"]), edges(node)));
        Self {
            packages: packages.collect(),
            target_directory: text(&value["target_directory"]).into(),
            edges: nodes.collect(),
        }
    }

    /// The crates of this repository.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.member)
    }

    /// The crate of this repository with that name.
    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.members().find(|package| package.name == name)
    }

    /// Names of everything a package needs, directly or through others, tests left out.
    /// Optional dependencies count as well when the package names them itself.
    pub(crate) fn reaches<'a>(&'a self, package: &'a Package) -> BTreeSet<&'a str> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut waiting = vec![package.id.as_str()];
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(self.edges.get(id).into_iter().flatten().map(String::as_str));
            }
        }
        let found = self
            .packages
            .iter()
            .filter(|other| seen.contains(other.id.as_str()));
        let mut names: BTreeSet<&str> = found.map(|other| other.name.as_str()).collect();
        names.remove(package.name.as_str());
        names.extend(package.needs.iter().map(String::as_str));
        names
    }

    /// Names of the packages that name this one as a dependency.
    pub(crate) fn needed_by(&self, name: &str) -> Vec<&str> {
        let needs = |package: &&Package| package.needs.iter().any(|other| other == name);
        self.packages
            .iter()
            .filter(needs)
            .map(|package| package.name.as_str())
            .collect()
    }
}

impl Package {
    /// The folder of Cargo.toml, without a trailing slash; empty for the root package.
    pub(crate) fn folder(&self) -> &str {
        self.manifest
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
    }
}

fn package(item: &Value, members: &BTreeSet<String>, root: &Path) -> Package {
    let id = text(&item["id"]);
    let manifest = text(&item["manifest_path"]);
    let relative = Path::new(&manifest)
        .strip_prefix(root)
        .ok()
        .and_then(Path::to_str);
    let needs = items(&item["dependencies"])
        .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
        .map(|dependency| text(&dependency["name"]));
    Package {
        name: text(&item["name"]),
        version: text(&item["version"]),
        licence: item["license"].as_str().map(str::to_owned),
        member: members.contains(&id),
        manifest: relative.map_or_else(|| manifest.clone(), str::to_owned),
        needs: needs.collect(),
        id,
    }
}

/// Where a resolved package points to, leaving out edges that exist for tests alone.
fn edges(node: &Value) -> Vec<String> {
    let beyond_tests =
        |edge: &&Value| items(&edge["dep_kinds"]).any(|kind| kind["kind"].as_str() != Some("dev"));
    items(&node["deps"])
        .filter(beyond_tests)
        .map(|edge| text(&edge["pkg"]))
        .collect()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    items(value).map(text)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Metadata {
        let edge = |to: &str, kind: Value| json!({"pkg": to, "dep_kinds": [{"kind": kind}]});
        let value = json!({
            "workspace_members": ["a"],
            "target_directory": "/repo/target",
            "packages": [
                {"id": "a", "name": "app", "version": "1.0.0", "manifest_path": "/repo/app/Cargo.toml",
                 "license": "MIT", "dependencies": [
                    {"name": "lib", "kind": null}, {"name": "unused-option", "kind": null},
                    {"name": "checker", "kind": "dev"}]},
                {"id": "l", "name": "lib", "manifest_path": "/elsewhere/Cargo.toml",
                 "dependencies": [{"name": "deep", "kind": "build"}]},
                {"id": "d", "name": "deep", "dependencies": []},
                {"id": "c", "name": "checker", "dependencies": []}
            ],
            "resolve": {"nodes": [
                {"id": "a", "deps": [edge("l", Value::Null), edge("c", json!("dev"))]},
                {"id": "l", "deps": [edge("d", json!("build"))]}
            ]}
        });
        Metadata::from_json(&value, Path::new("/repo"))
    }

    #[test]
    fn members_have_relative_paths() {
        let metadata = sample();
        let app = metadata.member("app").unwrap();
        assert_eq!(app.manifest, "app/Cargo.toml");
        assert_eq!(app.folder(), "app");
        assert_eq!(metadata.members().count(), 1);
    }

    #[test]
    fn reaching_goes_through_others_but_not_through_tests() {
        let metadata = sample();
        let reached = metadata.reaches(metadata.member("app").unwrap());
        assert_eq!(Vec::from_iter(reached), ["deep", "lib", "unused-option"]);
    }

    #[test]
    fn needed_by_names_the_direct_users() {
        assert_eq!(sample().needed_by("deep"), ["lib"]);
        assert!(sample().needed_by("checker").is_empty());
    }
}
