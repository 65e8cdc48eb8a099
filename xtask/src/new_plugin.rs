//! The step `plugins`: what `datalake plugins new` writes is built and proved as it is, and so is the example
//! crate outside the workspace.
//!
//! It is a step and no test, because it runs cargo, which a test that cargo runs had better not. The crates share
//! our target folder, so that of all dependencies only datalake's own crates are built once more.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::metadata::Metadata;
use crate::run::{Outcome, cargo, output, repo_root, run};

/// From the command to a plugin that the whole kit has passed, where the dependencies are built.
const AT_MOST: Duration = Duration::from_secs(60);

/// The crate outside the workspace.
const EXAMPLE: &str = "examples/weather";

const LINES: &str = "debug = \"line-tables-only\"";
const PROFILE: &str = "\
[profile.dev]
debug = \"line-tables-only\"

[profile.dev.package.\"*\"]
opt-level = 1
debug = false
";

/// Everything, one after another. The example comes first: with it the dependencies are built.
pub(crate) fn run_all() -> Outcome {
    let bench = Bench::load()?;
    example(&bench)?;
    for shape in ["line", "file"] {
        new(&bench, shape)?;
    }
    Ok(())
}

/// What it takes to build a crate outside the workspace.
struct Bench {
    target: PathBuf,
    profile: PathBuf,
}

impl Bench {
    fn load() -> Outcome<Self> {
        let metadata = Metadata::load()?;
        let program = metadata
            .member("datalake")
            .ok_or("the workspace has no crate `datalake`")?;
        let mut own: Vec<&str> = metadata.reaches(program).into_iter().collect();
        own.retain(|name| metadata.member(name).is_some());
        own.push(&program.name);
        let target = metadata.target_directory.clone();
        let file = target.join("xtask-profile.toml");
        fs::write(&file, profile(&own)).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self {
            target,
            profile: file,
        })
    }

    /// A cargo command in the crate's folder, without the network.
    fn cargo(&self, folder: &Path, verb: &str) -> Command {
        let mut command = cargo(&[verb, "--offline", "--quiet"]);
        command.current_dir(folder);
        command.arg("--config").arg(&self.profile);
        command.arg("--target-dir").arg(&self.target);
        command
    }
}

/// The profile of our workspace for a crate outside it: with another one every dependency would be built anew.
/// Our own crates are dependencies there, and would be optimised, which takes longer than it saves.
fn profile(own: &[&str]) -> String {
    let mut text = String::from(PROFILE);
    for name in own {
        let table = format!("[profile.dev.package.{name}]");
        text.push_str(&format!("\n{table}\nopt-level = 0\n{LINES}\n"));
    }
    text
}

/// The example: the kit, and its dataset through the program.
fn example(bench: &Bench) -> Outcome {
    let folder = repo_root().join(EXAMPLE);
    let lock = folder.join("Cargo.lock");
    fs::copy(repo_root().join("Cargo.lock"), &lock)
        .map_err(|error| format!("cannot write {}: {error}", lock.display()))?;
    run(&mut bench.cargo(&folder, "test"))?;
    run(&mut bench.cargo(&folder, "build"))?;
    let program = bench.target.join("debug/datalake-weather");
    let home = fresh(&bench.target.join("xtask-weather"))?;
    let fixtures = folder.join("fixtures/january.csv");
    let ask = |words: &[&str]| {
        let mut command = Command::new(&program);
        let command = command.args(words).current_dir(&home).env_clear();
        output(command.env("HOME", &home).env("TZ", "UTC"))
    };
    let path = format!("path={}", fixtures.display());
    ask(&["run", "--source", "weather", "--set", &path])?;
    says(&ask(&["list", "weather"])?, "frost on the windows")?;
    let found = "SELECT remark FROM weather_fts WHERE weather_fts MATCH 'frost'";
    says(&ask(&["query", found])?, "frost on the windows")?;
    let days = "SELECT coldest FROM weather_days WHERE day = '2026-01-10'";
    says(&ask(&["query", days])?, "-4.5")?;
    says(&ask(&["plugins", "list"])?, "memory-jsonl")
}

/// From the command to the kit, by the clock.
fn new(bench: &Bench, shape: &str) -> Outcome {
    let name = format!("demo-{shape}");
    let above = bench.target.join("xtask-plugins");
    fs::create_dir_all(&above).map_err(|error| format!("{}: {error}", above.display()))?;
    let folder = above.join(&name);
    remove(&folder)?;
    let begin = ["run", "--quiet", "--locked", "-p", "datalake", "--bin"];
    let mut program = cargo(&begin);
    program.args(["datalake", "--", "plugins", "new", &name]);
    program.args(["--shape", shape, "--path", ".", "--dir"]);
    let begun = Instant::now();
    output(program.arg(&above))?;
    run(&mut bench.cargo(&folder, "test"))?;
    let spent = begun.elapsed();
    println!(
        "    a new plugin of shape {shape}: {:.1} s from the command to the end of the kit",
        spent.as_secs_f64()
    );
    if spent > AT_MOST {
        return Err(format!("that is more than {AT_MOST:?}"));
    }
    run(&mut formatted(&folder))
}

/// The formatter has nothing to change in it.
fn formatted(folder: &Path) -> Command {
    let mut command = cargo(&["fmt", "--check"]);
    command.current_dir(folder);
    command
}

fn says(answer: &str, words: &str) -> Outcome {
    if answer.contains(words) {
        return Ok(());
    }
    Err(format!("`{words}` is missing in:\n{answer}"))
}

/// An empty folder.
fn fresh(folder: &Path) -> Outcome<PathBuf> {
    remove(folder)?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder.to_owned())
}

fn remove(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_that_of_the_workspace() {
        let manifest = fs::read_to_string(repo_root().join("Cargo.toml")).unwrap();
        let part = PROFILE.strip_suffix('\n').unwrap();
        assert!(manifest.contains(part), "PROFILE has to say the same");
        assert!(profile(&["a"]).contains(LINES));
    }

    #[test]
    fn an_answer_without_the_words_is_shown() {
        assert!(says("a frost", "frost").is_ok());
        assert!(says("a thaw", "frost").unwrap_err().ends_with("a thaw"));
    }
}
