//! Which file is read, and where relative paths start.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datalake_core::Error;
use datalake_core::config::{Document, Environment, Problem};

use super::Inputs;

/// The name of the file in every folder.
const FILE_NAME: &str = "datalake.toml";

/// Whose usual folders are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux and all others that follow the XDG base directories.
    Xdg,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The one the program was built for.
    pub fn current() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Xdg
        }
    }

    /// The folder of a person's configuration.
    pub fn config_folder(self, environment: &Environment) -> Option<PathBuf> {
        let folder = match self {
            Self::Xdg => xdg(environment, "XDG_CONFIG_HOME", ".config"),
            Self::MacOs => Some(environment.home()?.join("Library/Application Support")),
            Self::Windows => environment.get("APPDATA").map(PathBuf::from),
        };
        folder.map(|folder| folder.join("datalake"))
    }

    /// The folder of a person's data.
    pub fn data_folder(self, environment: &Environment) -> Option<PathBuf> {
        let folder = match self {
            Self::Xdg => xdg(environment, "XDG_DATA_HOME", ".local/share"),
            Self::MacOs => Some(environment.home()?.join("Library/Application Support")),
            Self::Windows => environment.get("LOCALAPPDATA").map(PathBuf::from),
        };
        folder.map(|folder| folder.join("datalake"))
    }
}

/// The XDG rules: a relative path in the variable counts as not set.
fn xdg(environment: &Environment, name: &str, usual: &str) -> Option<PathBuf> {
    let set = environment
        .get(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    set.or_else(|| Some(environment.home()?.join(usual)))
}

/// The file that was found, or the built-in text in its place.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) file: Option<PathBuf>,
    pub(super) base: PathBuf,
    pub(super) document: Arc<Document>,
}

/// Finds the configuration.
pub(super) fn locate(inputs: &Inputs<'_>) -> Result<Located, Problem> {
    for (label, path, named) in candidates(inputs) {
        match std::fs::read(&path) {
            Ok(bytes) => return found(inputs, label, path, bytes),
            Err(error) => match (error.kind(), named) {
                (ErrorKind::NotFound | ErrorKind::NotADirectory, None) => {}
                (ErrorKind::NotFound | ErrorKind::NotADirectory, Some(by)) => {
                    let message = format!("the configuration file {label} does not exist");
                    return Err(Problem::new(message).hint(format!("{by} names it")));
                }
                _ => return Err(unreadable(&label, Error::io(&label, error).message())),
            },
        }
    }
    let document = Document::built_in(inputs.built_in);
    let data = || inputs.platform.data_folder(&inputs.environment);
    let base = project_root(inputs).or_else(data).ok_or_else(|| {
        Problem::new("there is no folder to keep the data in, because HOME is not set")
            .hint("set HOME or PROJECT_ROOT, or write a datalake.toml and name it with --config")
    })?;
    Ok(Located {
        file: None,
        base,
        document,
    })
}

/// The places to look at: label, full path, and who named it if somebody did.
fn candidates(inputs: &Inputs<'_>) -> Vec<(String, PathBuf, Option<&'static str>)> {
    let full = |path: &Path| inputs.working_folder.join(path);
    let named = |path: &Path, by| vec![(path.display().to_string(), full(path), Some(by))];
    if let Some(path) = &inputs.config {
        return named(path, "--config");
    }
    if let Some(path) = inputs.environment.get("DATALAKE_CONFIG") {
        return named(Path::new(path), "environment DATALAKE_CONFIG");
    }
    let mut places = vec![(FILE_NAME.to_owned(), full(Path::new(FILE_NAME)), None)];
    if let Some(folder) = inputs.platform.config_folder(&inputs.environment) {
        let path = folder.join(FILE_NAME);
        places.push((path.display().to_string(), path, None));
    }
    places
}

fn found(
    inputs: &Inputs<'_>,
    label: String,
    path: PathBuf,
    bytes: Vec<u8>,
) -> Result<Located, Problem> {
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&label, "it is not UTF-8 text"))?;
    let folder = path
        .parent()
        .map_or_else(|| inputs.working_folder.clone(), Path::to_path_buf);
    // A folder for configuration is no place for data: it is backed up, synchronised, put under git.
    let data = (inputs.platform.config_folder(&inputs.environment).as_ref() == Some(&folder))
        .then(|| inputs.platform.data_folder(&inputs.environment))
        .flatten();
    // Taking it apart removes `.` and `//`, which would show up in every path.
    let base = project_root(inputs)
        .or(data)
        .unwrap_or_else(|| folder.components().collect());
    Ok(Located {
        file: Some(path),
        base,
        document: Document::file(label, text),
    })
}

fn project_root(inputs: &Inputs<'_>) -> Option<PathBuf> {
    let root = inputs.environment.get("PROJECT_ROOT")?;
    Some(inputs.working_folder.join(root).components().collect())
}

fn unreadable(label: &str, why: &str) -> Problem {
    Problem::new(format!(
        "the configuration file {label} cannot be read: {why}"
    ))
}
