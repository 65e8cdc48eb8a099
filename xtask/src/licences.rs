//! Checks that every dependency has a licence we may ship under.

use crate::metadata::{Metadata, Package};
use crate::run::Outcome;
use crate::spdx::Expression;

/// Licences a dependency may have. deny.toml repeats them for people who use cargo-deny.
const ALLOWED: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
    "ISC",
    "0BSD",
    "BSL-1.0",
    "CC0-1.0",
];

/// `cargo xtask licences`: looks at every package in Cargo.lock, for all platforms.
pub(crate) fn run() -> Outcome {
    let metadata = Metadata::load()?;
    let others: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|each| !each.member)
        .collect();
    let offenders: Vec<String> = others
        .iter()
        .filter_map(|package| {
            let reason = objection(package.licence.as_deref())?;
            let users = metadata.needed_by(&package.name).join(", ");
            let Package { name, version, .. } = package;
            Some(format!("{name} {version}: {reason} (needed by {users})"))
        })
        .collect();
    if offenders.is_empty() {
        println!(
            "    {} dependencies, all under allowed licences",
            others.len()
        );
        return Ok(());
    }
    Err(format!(
        "licences that are not on the list in xtask/src/licences.rs:\n  {}\n\
         cure: choose another dependency, or add the licence there and in deny.toml",
        offenders.join("\n  ")
    ))
}

/// Why a licence is not acceptable; nothing when it is.
fn objection(licence: Option<&str>) -> Option<String> {
    let Some(text) = licence else {
        return Some("Cargo.toml names no licence expression".into());
    };
    match Expression::parse(text) {
        Err(error) => Some(format!("cannot read the licence `{text}`: {error}")),
        Ok(expression) => {
            let refused = expression.refused(ALLOWED);
            let reason = || format!("`{text}` needs {}", refused.join(", "));
            (!refused.is_empty()).then(reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objections_say_why() {
        assert_eq!(objection(Some("MIT OR GPL-3.0")), None);
        assert_eq!(
            objection(Some("GPL-3.0")).unwrap(),
            "`GPL-3.0` needs GPL-3.0"
        );
        assert!(objection(None).unwrap().contains("no licence"));
        assert!(objection(Some("MIT OR")).unwrap().contains("cannot read"));
    }

    #[test]
    fn deny_toml_has_the_same_list() {
        let text = std::fs::read_to_string(crate::run::repo_root().join("deny.toml")).unwrap();
        let list = text
            .split_once("\nallow = [")
            .unwrap()
            .1
            .split_once(']')
            .unwrap()
            .0;
        let listed: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(listed, ALLOWED);
    }
}
