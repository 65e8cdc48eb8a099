//! `datalake docs`: writes what is generated from the program's own definitions: the shipped configuration,
//! the JSON schema of it, and the reference pages.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use clap::Command;
use datalake_core::{Error, Result, registry};

use super::Exit;
use crate::config::generated_files;

pub(super) fn run(folder: &Path, command: Command) -> Result<Exit> {
    let entries = registry::sources()?;
    let mut files: Vec<(String, String)> = generated_files(&entries)
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text))
        .collect();
    files.push((String::from("docs/reference/cli.md"), reference(command)));
    for (path, text) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| Error::io(parent.display(), error))?;
        fs::write(&path, text).map_err(|error| Error::io(path.display(), error))?;
    }
    Ok(Exit::Done)
}

/// The help of every command, in one page.
fn reference(mut command: Command) -> String {
    command.build();
    let mut page = String::from(
        "# Commands\n\nThis page is generated from the program: `cargo xtask generate` writes it.\n",
    );
    section(&mut page, &command, "");
    page
}

fn section(page: &mut String, command: &Command, above: &str) {
    let name = if above.is_empty() {
        command.get_name().to_owned()
    } else {
        format!("{above} {}", command.get_name())
    };
    let help = command.clone().term_width(90).render_long_help();
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n## {name}\n\n```text\n{}\n```\n",
        trimmed(&help.to_string())
    );
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help")
    {
        section(page, below, &name);
    }
}

fn trimmed(text: &str) -> String {
    text.trim_end()
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}
