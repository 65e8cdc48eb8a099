//! The files of a new plugin: the templates beside this file, with the name put in.

use std::path::{Path, PathBuf};

use datalake_core::Result;

use super::Shape;
use super::name::{self, Name};

/// Where the project is developed.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Where the crate takes datalake from.
pub(super) enum Origin {
    /// It is part of it.
    Workspace,
    /// A checkout, and the versions in its lock file.
    Checkout { root: PathBuf, lock: String },
    /// The repository.
    Repository,
}

/// A file of the crate.
pub(super) struct File {
    /// Its path below the crate's folder.
    pub(super) path: &'static str,
    pub(super) content: Vec<u8>,
}

type Template = (&'static str, &'static [u8]);

/// The templates at these paths: where each is to be in the crate, and where it is here.
macro_rules! templates {
    ($($path:literal = $file:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!("templates/", $file)) as &[u8])),+]
    };
}

const EVERY: &[Template] = templates! { "tests/conformance.rs" = "shared/conformance.rs" };

const ALONE: &[Template] = templates! {
    "Cargo.toml" = "shared/Cargo.alone.tmpl",
    "src/main.rs" = "shared/main.rs",
    ".gitignore" = "shared/gitignore",
};

const WORKSPACE: &[Template] = templates! { "Cargo.toml" = "shared/Cargo.workspace.tmpl" };

/// What makes the program read the fixtures.
const LINE_TRIAL: &[Template] = templates! { "datalake.toml" = "line/datalake.toml" };
const FILE_TRIAL: &[Template] = templates! { "datalake.toml" = "file/datalake.toml" };

const LINE: &[Template] = templates! {
    "README.md" = "line/README.md",
    "schema.sql" = "line/schema.sql",
    "src/lib.rs" = "line/src/lib.rs",
    "src/config.rs" = "line/src/config.rs",
    "src/line.rs" = "line/src/line.rs",
    "fixtures/entries.jsonl" = "line/fixtures/entries.jsonl",
    "fixtures/odd.jsonl" = "line/fixtures/odd.jsonl",
    "tests/golden.txt" = "line/golden.txt",
};

const FILE: &[Template] = templates! {
    "README.md" = "file/README.md",
    "schema.sql" = "file/schema.sql",
    "src/lib.rs" = "file/src/lib.rs",
    "src/config.rs" = "file/src/config.rs",
    "src/document.rs" = "file/src/document.rs",
    "fixtures/bread.md" = "file/fixtures/bread.md",
    "fixtures/copy-of-bread.md" = "file/fixtures/copy-of-bread.md",
    "fixtures/tea.txt" = "file/fixtures/tea.txt",
    "fixtures/odd.txt" = "file/fixtures/odd.txt",
    "tests/golden.txt" = "file/golden.txt",
};

/// The files of a plugin. Its tables have been tried together with those of this program.
pub(super) fn files(shape: Shape, name: &Name, origin: &Origin) -> Result<Vec<File>> {
    let (of_shape, trial) = match shape {
        Shape::Line => (LINE, LINE_TRIAL),
        Shape::File => (FILE, FILE_TRIAL),
    };
    let of_origin = match origin {
        Origin::Workspace => [WORKSPACE, &[]],
        Origin::Checkout { .. } | Origin::Repository => [ALONE, trial],
    };
    let templates = of_origin.into_iter().chain([of_shape, EVERY]).flatten();
    let mut files: Vec<File> = templates
        .map(|&(path, content)| File {
            path,
            content: filled(content, name, origin),
        })
        .collect();
    if let Origin::Checkout { lock, .. } = origin {
        files.push(File {
            path: "Cargo.lock",
            content: lock.clone().into_bytes(),
        });
    }
    files.sort_by_key(|file| file.path);
    let schema = files.iter().find(|file| file.path == "schema.sql");
    if let Some(schema) = schema {
        try_schema(name, &schema.content)?;
    }
    Ok(files)
}

/// A name such as `order` is one that SQL has a use for.
fn try_schema(name: &Name, fragment: &[u8]) -> Result<()> {
    let tried = name::schema(&String::from_utf8_lossy(fragment));
    tried.map(drop).map_err(|error| {
        datalake_core::Error::usage(format!("`{name}` cannot be the name of a table"))
            .hint("choose another name, of two words perhaps")
            .caused_by(error)
    })
}

/// The template with everything put in. One that is no text is taken as it is.
fn filled(content: &[u8], name: &Name, origin: &Origin) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(content) else {
        return content.to_owned();
    };
    text.replace("{{name}}", name.kebab())
        .replace("{{table}}", &name.table())
        .replace("{{from}}", &dependency(origin, ""))
        .replace("{{from-plugins}}", &dependency(origin, "plugins"))
        .replace("{{from-core}}", &dependency(origin, "core"))
        .replace("{{from-testkit}}", &dependency(origin, "testkit"))
        .into_bytes()
}

/// Where cargo finds a crate of datalake.
fn dependency(origin: &Origin, folder: &str) -> String {
    match origin {
        Origin::Checkout { root, .. } => format!("path = {}", quoted(&root.join(folder))),
        Origin::Workspace | Origin::Repository => format!("git = \"{REPOSITORY}\""),
    }
}

fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    toml::Value::String(text.trim_end_matches('/').to_owned()).to_string()
}
