//! `datalake plugins new`: writes the crate of a plugin that builds, is registered, and passes the conformance
//! kit as it is. In a checkout of datalake it becomes one of the stock plugins, elsewhere a program of its own.

mod checkout;
mod edit;
mod name;
mod render;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use datalake_core::{Error, Result};
use serde_json::json;

use super::{Exit, print};
use checkout::Checkout;
use name::Name;
use render::{File, Origin};

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Its name: lower-case words joined by `-`
    name: String,
    /// What it reads: a log line by line, or each file as a whole
    #[arg(long, value_enum)]
    shape: Shape,
    /// Write it as if started in this folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// A program of its own that depends on this checkout of datalake, and not on its repository
    #[arg(long, value_name = "CHECKOUT")]
    path: Option<PathBuf>,
}

/// What a plugin reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Logs that grow: a record a line
    Line,
    /// Documents: a record a file
    File,
}

/// Everything that will be written, known before anything is.
struct Plan {
    /// The crate's folder.
    folder: PathBuf,
    /// What goes into it.
    files: Vec<File>,
    /// The files of the checkout that change, with their new text.
    edits: Vec<(PathBuf, String)>,
    /// The commands that come next.
    next: Vec<String>,
}

pub(super) fn run(args: &NewArgs, json: bool) -> Result<Exit> {
    let name = Name::parse(&args.name)?;
    let plan = plan(args, &name)?;
    plan.write()?;
    if json {
        print::json(&json!({
            "name": name.kebab(),
            "folder": plan.folder,
            "files": plan.files.iter().map(|file| &file.path).collect::<Vec<_>>(),
            "changed": plan.edits.iter().map(|(path, _)| path).collect::<Vec<_>>(),
            "next": plan.next,
        }))?;
    } else {
        print::stdout(|out| plan.print(out))?;
    }
    Ok(Exit::Done)
}

fn plan(args: &NewArgs, name: &Name) -> Result<Plan> {
    let start =
        fs::canonicalize(&args.dir).map_err(|error| Error::io(args.dir.display(), error))?;
    match &args.path {
        Some(path) => alone(args.shape, name, &start, Some(&Checkout::at(path)?)),
        None => match Checkout::around(&start)? {
            Some(checkout) => stock(args.shape, name, &checkout),
            None => alone(args.shape, name, &start, None),
        },
    }
}

/// A stock plugin of this checkout.
fn stock(shape: Shape, name: &Name, checkout: &Checkout) -> Result<Plan> {
    let folder = free(checkout.root().join("plugins").join(name.kebab()))?;
    Ok(Plan {
        files: render::files(shape, name, &Origin::Workspace)?,
        edits: checkout.with_plugin(name)?,
        next: vec![
            format!("cd {}", checkout.root().display()),
            String::from("cargo xtask generate"),
            format!("cargo test -p datalake-{name}"),
        ],
        folder,
    })
}

/// A crate by itself, with a program of its own.
fn alone(shape: Shape, name: &Name, start: &Path, checkout: Option<&Checkout>) -> Result<Plan> {
    let folder = free(start.join(name.kebab()))?;
    let origin = match checkout {
        Some(checkout) => Origin::Checkout {
            root: checkout.root().to_owned(),
            lock: checkout.lock()?,
        },
        None => Origin::Repository,
    };
    Ok(Plan {
        files: render::files(shape, name, &origin)?,
        edits: Vec::new(),
        next: vec![
            format!("cd {}", folder.display()),
            String::from("cargo test"),
            String::from("cargo run -- run"),
            format!("cargo run -- list {}", name.table()),
        ],
        folder,
    })
}

/// Nothing that exists is written over.
fn free(folder: PathBuf) -> Result<PathBuf> {
    if folder.symlink_metadata().is_ok() {
        return Err(Error::usage("it exists already")
            .at(folder.display().to_string())
            .hint("choose another name, or move it away"));
    }
    Ok(folder)
}

impl Plan {
    /// Writes the crate, then what makes it known; half a crate is taken away again.
    fn write(&self) -> Result<()> {
        let written = self.files.iter().try_for_each(|file| {
            let path = self.folder.join(file.path);
            write(&path, &file.content)
        });
        if written.is_err() {
            // The reason for the failure is worth more than that of a second one.
            let _ = fs::remove_dir_all(&self.folder);
        }
        written?;
        self.edits
            .iter()
            .try_for_each(|(path, text)| write(path, text.as_bytes()))
    }

    fn print(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        writeln!(out, "created {}", self.folder.display())?;
        for file in &self.files {
            writeln!(out, "  {}", file.path)?;
        }
        for (path, _) in &self.edits {
            writeln!(out, "changed {}", path.display())?;
        }
        writeln!(out, "\nnext:")?;
        self.next
            .iter()
            .try_for_each(|line| writeln!(out, "  {line}"))
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(|error| Error::io(parent.display(), error))?;
    fs::write(path, content).map_err(|error| Error::io(path.display(), error))
}
