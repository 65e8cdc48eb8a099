//! The step `plugins`: what `datalake plugins new` writes is built and proved as it is, and so is the example
//! crate outside the workspace.
//!
//! It is a step and no test, because it runs cargo, which a test that cargo runs had better not. The crates share
//! our target folder, so that of all dependencies only datalake's own crates are built once more.

mod guide;

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

/// Everything, one after another: the example, a plugin of lines as the guide makes it, and one of files. The
/// example comes first: with it the dependencies are built.
pub(crate) fn run_all() -> Outcome {
    let bench = Bench::load()?;
    example(&bench)?;
    guide::follow(&bench)?;
    new(&bench)
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

    /// `datalake plugins new`, from this checkout.
    fn begin(&self, name: &str, shape: &str, folder: &Path) -> Command {
        let mut command = cargo(&["run", "--quiet", "--locked", "-p", "datalake", "--bin"]);
        command.args(["datalake", "--", "plugins", "new", name]);
        command.args(["--shape", shape, "--path", ".", "--dir"]);
        command.arg(folder).arg("--json");
        command
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

/// A plugin of files.
fn new(bench: &Bench) -> Outcome {
    let above = fresh(&bench.target.join("xtask-plugins"))?;
    let begun = Watch::start();
    output(&mut bench.begin("demo", "file", &above))?;
    let folder = above.join("demo");
    run(&mut bench.cargo(&folder, "test"))?;
    begun.stop("file")?;
    run(&mut formatted(&folder))
}

/// Measures from the command to the end of the kit, in CPU seconds of everything that was started: the kit makes
/// thousands of small databases, and by the clock a disk that others use takes any time for that.
struct Watch {
    begun: Instant,
    used: Option<Duration>,
}

impl Watch {
    fn start() -> Self {
        Self {
            begun: Instant::now(),
            used: used(),
        }
    }

    /// Says how long it took, and fails where that was too long.
    fn stop(&self, shape: &str) -> Outcome {
        let spent = self.begun.elapsed();
        let of_cpu = used().zip(self.used).map(|(now, then)| now - then);
        // Where the system does not tell, the clock has to do.
        let judged = of_cpu.unwrap_or(spent);
        println!(
            "    a new plugin of shape {shape}, from the command to the end of the kit: {:.1} s, {:.1} s of CPU",
            spent.as_secs_f64(),
            judged.as_secs_f64()
        );
        if judged > AT_MOST {
            return Err(format!("that is more than {AT_MOST:?}"));
        }
        Ok(())
    }
}

/// The CPU time of all processes that we started and that have ended; only Linux tells.
fn used() -> Option<Duration> {
    /// What Linux counts in.
    const A_TICK: Duration = Duration::from_millis(10);
    let line = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may hold anything; children's times are the 14th and 15th field behind it.
    let fields = line.rsplit_once(')')?.1.split_whitespace();
    let ticks = fields
        .skip(13)
        .take(2)
        .map(|field| field.parse::<u32>().ok());
    Some(A_TICK * ticks.sum::<Option<u32>>()?)
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
    fn what_children_use_is_counted() {
        if let Some(before) = used() {
            let work = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
            run(Command::new("sh").args(["-c", work])).unwrap();
            assert!(used().unwrap() > before);
        }
    }

    #[test]
    fn an_answer_without_the_words_is_shown() {
        assert!(says("a frost", "frost").is_ok());
        assert!(says("a thaw", "frost").unwrap_err().ends_with("a thaw"));
    }
}
