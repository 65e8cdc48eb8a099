//! The verb `generate`: reference files that the program itself writes, kept in the repository.
//!
//! They are committed so that people can read them without building; `--check` makes sure that
//! they never drift from the code.

use std::fs;
use std::path::{Path, PathBuf};

use crate::metadata::Metadata;
use crate::run::{Outcome, cargo, repo_root, run};

/// Folders in which every file is generated, so that a left-over file there is stale as well.
const GENERATED_FOLDERS: &[&str] = &["docs/reference"];

/// `cargo xtask generate [--check]`.
pub(crate) fn verb(arguments: &[String]) -> Outcome {
    match arguments {
        [] => write_into(&repo_root()),
        [flag] if flag == "--check" => check(),
        _ => Err("usage: cargo xtask generate [--check]".into()),
    }
}

/// Generates into a scratch folder and compares that with the repository.
pub(crate) fn check() -> Outcome {
    let target = Metadata::load()?.target_directory;
    // The process id keeps two runs at the same time apart.
    let scratch = target.join(format!("xtask-generated-{}", std::process::id()));
    let outcome = write_into(&scratch).and_then(|()| compare(&scratch, &repo_root()));
    // A left-over scratch folder does no harm, and must not hide the real result.
    let _ = fs::remove_dir_all(&scratch);
    let stale = outcome?;
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "generated files are stale:\n  {}\ncure: run `cargo xtask generate` and commit the result",
        stale.join("\n  ")
    ))
}

/// Lets the program write its reference files below `folder`.
fn write_into(folder: &Path) -> Outcome {
    fs::create_dir_all(folder).map_err(|error| failed("create", folder, &error))?;
    let arguments = [
        "run", "--quiet", "--locked", "-p", "datalake", "--bin", "datalake",
    ];
    run(cargo(&arguments).args(["--", "docs"]).arg(folder))
}

/// One line for every file that differs between the fresh folder and the repository.
fn compare(fresh: &Path, repo: &Path) -> Outcome<Vec<String>> {
    let produced = files_below(fresh)?;
    if produced.is_empty() {
        return Err("`datalake docs` wrote no files at all".into());
    }
    let mut stale = Vec::new();
    for path in &produced {
        let wanted = read(&fresh.join(path))?;
        let committed = repo.join(path);
        if !committed.is_file() {
            stale.push(format!("{}: missing", path.display()));
        } else if read(&committed)? != wanted {
            stale.push(format!(
                "{}: differs from what the code says",
                path.display()
            ));
        }
    }
    for folder in GENERATED_FOLDERS {
        for file in files_below(&repo.join(folder))? {
            let path = Path::new(folder).join(file);
            if !produced.contains(&path) {
                stale.push(format!(
                    "{}: no longer generated; delete or move it",
                    path.display()
                ));
            }
        }
    }
    Ok(stale)
}

/// All files below a folder, relative to it and sorted; none when the folder does not exist.
fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(current) = waiting.pop() {
        if !current.is_dir() {
            continue;
        }
        let entries = fs::read_dir(&current).map_err(|error| failed("read", &current, &error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| failed("read", &current, &error))?
                .path();
            if path.is_dir() {
                waiting.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                found.push(relative.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| failed("read", path, &error))
}

fn failed(verb: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {verb} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test, below the system's temporary folder.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let unique = format!("xtask-test-{name}-{}", std::process::id());
            let root = std::env::temp_dir().join(unique);
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(root)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn equal_files_are_fresh_and_other_files_do_not_matter() {
        let fresh = Folder::new("equal-a", &[("docs/reference/cli.md", "x")]);
        let repo = Folder::new(
            "equal-b",
            &[("docs/reference/cli.md", "x"), ("README.md", "r")],
        );
        assert_eq!(compare(&fresh.0, &repo.0).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn changed_missing_and_left_over_files_are_named() {
        let fresh = Folder::new(
            "stale-a",
            &[("docs/reference/cli.md", "new"), ("a.toml", "x")],
        );
        let repo = Folder::new(
            "stale-b",
            &[
                ("docs/reference/cli.md", "old"),
                ("docs/reference/gone.md", "x"),
            ],
        );
        let stale = compare(&fresh.0, &repo.0).unwrap();
        assert_eq!(stale.len(), 3, "{stale:?}");
        assert!(stale[0].starts_with("a.toml: missing"));
        assert!(stale[1].starts_with("docs/reference/cli.md: differs"));
        assert!(stale[2].starts_with("docs/reference/gone.md: no longer generated"));
    }

    #[test]
    fn a_generator_that_writes_nothing_is_broken() {
        let repo = Folder::new("empty", &[("README.md", "r")]);
        assert!(compare(Path::new("/nonexistent"), &repo.0).is_err());
    }
}
