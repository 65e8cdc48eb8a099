//! The project's own rules, for which no ready-made tool exists.
//!
//! `text` looks at single files, `manifests` at every Cargo.toml, and `architecture` at which
//! crate may depend on which.

mod architecture;
mod manifests;
mod text;

use std::fs;
use std::process::Command;

use crate::metadata::Metadata;
use crate::run::{Outcome, output, repo_root};

/// A text file of the repository.
pub(crate) struct SourceFile {
    /// Relative to the repository, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// `cargo xtask tidy`: prints every broken rule, not just the first.
pub(crate) fn run() -> Outcome {
    let files = source_files()?;
    let metadata = Metadata::load()?;
    let mut problems = text::problems(&files);
    problems.extend(manifests::problems(&files, &metadata));
    problems.extend(architecture::problems(&metadata));
    if problems.is_empty() {
        println!("    {} files follow the rules", files.len());
        return Ok(());
    }
    Err(format!(
        "{} broken rules:\n  {}",
        problems.len(),
        problems.join("\n  ")
    ))
}

/// Every text file that git tracks or would track.
fn source_files() -> Outcome<Vec<SourceFile>> {
    let arguments = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let root = repo_root();
    let listing = output(Command::new("git").args(arguments).current_dir(&root))?;
    let mut paths: Vec<&str> = listing
        .split('\0')
        .filter(|path| !path.is_empty())
        .collect();
    paths.sort_unstable();
    // A file in the middle of a merge is listed once for each side.
    paths.dedup();
    let mut files = Vec::new();
    for path in paths {
        let full = root.join(path);
        // git still lists a file that was just deleted; a link's target is listed by itself.
        if !full.is_file() || full.is_symlink() {
            continue;
        }
        let bytes = fs::read(&full).map_err(|error| format!("cannot read {path}: {error}"))?;
        if let Some(text) = as_text(bytes) {
            files.push(SourceFile {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}

/// The content, unless it is binary.
fn as_text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_content_is_not_text() {
        assert_eq!(as_text(b"caf\xc3\xa9\n".to_vec()).unwrap(), "café\n");
        assert_eq!(as_text(b"\xff\xd8".to_vec()), None);
        assert_eq!(as_text(b"SQLite format 3\0".to_vec()), None);
    }

    #[test]
    fn the_repository_lists_its_own_sources() {
        let files = source_files().unwrap();
        assert!(
            files
                .iter()
                .any(|file| file.path == "xtask/src/tidy/mod.rs")
        );
        assert!(!files.iter().any(|file| file.path.starts_with("target/")));
    }
}
