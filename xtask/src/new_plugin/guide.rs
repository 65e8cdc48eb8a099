//! Follows `docs/guide/write-a-plugin.md`: runs the lines of its shell blocks, one after another.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Bench, Watch, formatted, fresh};
use crate::run::{Outcome, repo_root, run};

const GUIDE: &str = "docs/guide/write-a-plugin.md";

/// Stands behind a line that ends with another status than 0.
const ENDS_WITH: &str = " # ends with ";

/// Runs every line of the guide.
pub(super) fn follow(bench: &Bench) -> Outcome {
    let text = fs::read_to_string(repo_root().join(GUIDE)).map_err(|e| format!("{GUIDE}: {e}"))?;
    let mut reader = Reader {
        bench,
        folder: fresh(&bench.target.join("xtask-guide"))?,
        begun: Watch::start(),
        tested: false,
    };
    for line in shell_lines(&text) {
        reader
            .follow(line)
            .map_err(|error| format!("{GUIDE}, at `{line}`: {error}"))?;
    }
    if !reader.tested {
        return Err(format!("{GUIDE} never says `cargo test`"));
    }
    run(&mut formatted(&reader.folder))
}

/// The lines of all blocks of shell.
fn shell_lines(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("\n```sh\n").skip(1);
    blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines())
}

/// Somebody who does what the guide says.
struct Reader<'a> {
    bench: &'a Bench,
    folder: PathBuf,
    /// When the plugin was begun.
    begun: Watch,
    tested: bool,
}

impl Reader<'_> {
    fn follow(&mut self, line: &str) -> Outcome {
        let (command, status) = line.split_once(ENDS_WITH).unwrap_or((line, "0"));
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            // It would be fetched and built; the checkout's own program stands in for it.
            ["cargo", "install", ..] => Ok(()),
            ["cd", folder] => {
                self.folder.push(folder);
                Ok(())
            }
            ["datalake", "plugins", "new", name, "--shape", shape] => {
                self.begun = Watch::start();
                ends(&mut self.bench.begin(name, shape, &self.folder), status)
            }
            ["cargo", "test"] => {
                ends(&mut self.bench.cargo(&self.folder, "test"), status)?;
                self.tested = true;
                self.begun.stop("line")
            }
            ["cargo", verb, rest @ ..] => ends(&mut self.cargo(verb, rest, &[]), status),
            [variable, "cargo", verb, rest @ ..] => match variable.split_once('=') {
                Some(pair) => ends(&mut self.cargo(verb, rest, &[pair]), status),
                None => Err(String::from("it is not known how to run this")),
            },
            _ => Err(String::from("it is not known how to run this")),
        }
    }

    fn cargo(&self, verb: &str, rest: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = self.bench.cargo(&self.folder, verb);
        command.args(rest).envs(variables.iter().copied());
        // The folder's own configuration and database, whatever ours are.
        command.env("PROJECT_ROOT", &self.folder);
        command.env_remove("DATALAKE_CONFIG");
        command
    }
}

fn ends(command: &mut Command, status: &str) -> Outcome {
    let ended = command
        .status()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    match ended.code() {
        Some(code) if code.to_string() == status => Ok(()),
        _ => Err(format!("it ended with {ended} and not with {status}")),
    }
}

/// Takes a line apart at spaces, except between quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_shell_are_found_and_taken_apart() {
        let text = "# A\n\n```sh\ncd x\nls \"a b\"  c\n```\n\n```rust\nlet a;\n```\n\n```sh\nend # ends with 3\n```\n";
        let lines: Vec<&str> = shell_lines(text).collect();
        assert_eq!(lines, ["cd x", "ls \"a b\"  c", "end # ends with 3"]);
        assert_eq!(words(lines[1]), ["ls", "a b", "c"]);
        assert_eq!(lines[2].split_once(ENDS_WITH), Some(("end", "3")));
    }

    #[test]
    fn the_guide_is_there() {
        let text = fs::read_to_string(repo_root().join(GUIDE)).unwrap();
        assert!(shell_lines(&text).count() > 8);
    }
}
