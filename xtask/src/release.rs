//! The verbs that need an optimised build: `bench` and `dist`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::metadata::Metadata;
use crate::run::{Outcome, cargo, output, repo_root, run};

/// Files that go next to the binary in the release folder.
const BESIDE_THE_BINARY: &[&str] = &["README.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// `cargo xtask bench [NAME...]`: the benchmarks start the real program, so both are built.
pub(crate) fn bench(names: &[String]) -> Outcome {
    let target = Metadata::load()?.target_directory;
    let packages = ["-p", "datalake", "-p", "datalake-benches"];
    run(cargo(&["build", "--release", "--locked"]).args(packages))?;
    let program = target.join("release/datalake-bench");
    run(Command::new(program).args(names).current_dir(repo_root()))
}

/// `cargo xtask dist`: the folder that is handed to users.
pub(crate) fn dist() -> Outcome {
    let metadata = Metadata::load()?;
    let package = metadata
        .member("datalake")
        .ok_or("the workspace has no package `datalake`")?;
    run(&mut cargo(&[
        "build",
        "--release",
        "--locked",
        "-p",
        "datalake",
    ]))?;
    let folder = format!("datalake-{}-{}", package.version, host()?);
    let folder = metadata.target_directory.join("dist").join(folder);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| failed("empty", &folder, &error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| failed("create", &folder, &error))?;
    let binary = folder.join("datalake");
    copy(&metadata.target_directory.join("release/datalake"), &binary)?;
    // The copy is stripped, not the build: `strip` in the profile would make cargo build every
    // dependency a second time, and benchmarks want the symbols.
    run(Command::new("strip").arg(&binary))?;
    for name in BESIDE_THE_BINARY {
        copy(&repo_root().join(name), &folder.join(name))?;
    }
    let size = fs::metadata(&binary)
        .map_err(|error| failed("read", &binary, &error))?
        .len();
    println!("{}\ndatalake: {}", folder.display(), megabytes(size));
    Ok(())
}

/// The platform that rustc builds for when nothing else is asked.
fn host() -> Outcome<String> {
    let text = output(Command::new("rustc").arg("-vV").current_dir(repo_root()))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "`rustc -vV` names no host".into())
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB ({bytes} bytes)", tenths / 10, tenths % 10)
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to)
        .map(drop)
        .map_err(|error| failed("copy", from, &error))
}

fn failed(verb: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {verb} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_to_a_tenth() {
        assert_eq!(megabytes(12_345_678), "12.4 MB (12345678 bytes)");
        assert_eq!(megabytes(0), "0.0 MB (0 bytes)");
    }

    #[test]
    fn the_host_is_a_target_triple() {
        assert!(host().unwrap().matches('-').count() >= 2);
    }
}
