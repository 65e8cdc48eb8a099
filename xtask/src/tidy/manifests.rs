//! Rules about Cargo.toml files: each is a member of the workspace and takes its lints from there.

use super::SourceFile;
use crate::metadata::Metadata;

/// Crates that show how it is to stand outside; the step `plugins` of `cargo xtask test` builds them.
const OUTSIDE: &[&str] = &["examples/weather/Cargo.toml"];

/// Every broken rule in all Cargo.toml files.
pub(super) fn problems(files: &[SourceFile], metadata: &Metadata) -> Vec<String> {
    let is_member = |path: &str| metadata.members().any(|member| member.manifest == path);
    let manifests = files.iter().filter(|file| is_manifest(&file.path));
    manifests
        .filter_map(|file| problem(file, is_member(&file.path)))
        .collect()
}

/// True for the project's own manifests; a fixture may be any Cargo.toml.
fn is_manifest(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    name == "Cargo.toml" && !folders.split('/').any(|folder| folder == "fixtures")
}

fn problem(file: &SourceFile, is_member: bool) -> Option<String> {
    let path = &file.path;
    if OUTSIDE.contains(&path.as_str()) {
        let alone = file.text.lines().any(|line| line == "[workspace]");
        return (!alone).then(|| format!("{path}: needs a `[workspace]` of its own"));
    }
    if !is_member {
        // Such a crate would be left out of every check.
        return Some(format!(
            "{path}: not a workspace member; add its folder to the root"
        ));
    }
    let inherits = inherits_lints(&file.text);
    (!inherits).then(|| format!("{path}: needs `[lints]` with `workspace = true`"))
}

/// True when the text has `workspace = true` in its `[lints]` table.
///
/// cargo metadata does not tell, and this one table is no reason for a TOML reader.
fn inherits_lints(text: &str) -> bool {
    let mut in_lints = false;
    for line in text.lines() {
        let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        if line.starts_with('[') {
            in_lints = line.starts_with("[lints]");
        }
        if in_lints && line.starts_with("workspace=true") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lints_table_has_to_inherit() {
        assert!(inherits_lints(
            "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"
        ));
        assert!(inherits_lints(
            "[lints] # ours\nworkspace=true\n[dependencies]\n"
        ));
        assert!(!inherits_lints("[package]\nworkspace = true\n"));
        assert!(!inherits_lints(
            "[lints]\n[dependencies]\nworkspace = true\n"
        ));
        assert!(!inherits_lints(
            "[workspace.lints.rust]\nunused = \"warn\"\n"
        ));
        assert!(!inherits_lints("[lints]\n# workspace = true\n"));
    }

    #[test]
    fn who_stands_outside_has_a_workspace_of_its_own() {
        let file = |text: &str| SourceFile {
            path: OUTSIDE[0].into(),
            text: text.into(),
        };
        assert_eq!(problem(&file("[package]\n[workspace]\n"), false), None);
        assert!(problem(&file("[package]\n"), false).is_some());
    }

    #[test]
    fn strangers_and_fixtures() {
        let file = SourceFile {
            path: "new/Cargo.toml".into(),
            text: "[lints]\n".into(),
        };
        assert!(
            problem(&file, false)
                .unwrap()
                .contains("not a workspace member")
        );
        assert!(problem(&file, true).unwrap().contains("needs `[lints]`"));
        assert!(is_manifest("Cargo.toml") && is_manifest("core/Cargo.toml"));
        assert!(!is_manifest("tests/fixtures/Cargo.toml") && !is_manifest("a/MyCargo.toml"));
    }
}
