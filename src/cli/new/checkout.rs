//! A checkout of datalake: where it is, and how a plugin is made known in it.

use std::fs;
use std::path::{Path, PathBuf};

use datalake_core::{Error, Result};

use super::edit::{add_key, add_value};
use super::name::Name;

const ROOT: &str = "Cargo.toml";
const FACADE: &str = "plugins/Cargo.toml";
const FACADE_CODE: &str = "plugins/src/lib.rs";

/// The root of a checkout.
pub(super) struct Checkout(PathBuf);

impl Checkout {
    /// The checkout that a folder lies in.
    pub(super) fn around(folder: &Path) -> Result<Option<Self>> {
        for folder in folder.ancestors() {
            if is_root(folder)? {
                return Ok(Some(Self(folder.to_owned())));
            }
        }
        Ok(None)
    }

    /// The checkout at a path that somebody named.
    pub(super) fn at(path: &Path) -> Result<Self> {
        let root = fs::canonicalize(path).map_err(|error| Error::io(path.display(), error))?;
        if is_root(&root)? {
            return Ok(Self(root));
        }
        Err(Error::usage("it is no checkout of datalake")
            .at(path.display().to_string())
            .hint("name the folder with datalake's own Cargo.toml, the one that has [workspace]"))
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    /// The versions of all dependencies that the checkout is tested with.
    pub(super) fn lock(&self) -> Result<String> {
        read(&self.0.join("Cargo.lock"))
    }

    /// The files that name every plugin, naming this one too. One that does already stays as it is.
    pub(super) fn with_plugin(&self, name: &Name) -> Result<Vec<(PathBuf, String)>> {
        let mut edits = Vec::new();
        for (file, change) in [
            (ROOT, root_with as fn(&str, &Name) -> Result<String>),
            (FACADE, facade_with),
            (FACADE_CODE, code_with),
        ] {
            let path = self.0.join(file);
            let text = read(&path)?;
            let changed =
                change(&text, name).map_err(|error| error.at(path.display().to_string()))?;
            if changed != text {
                edits.push((path, changed));
            }
        }
        Ok(edits)
    }
}

/// A folder with a workspace that has the facade of the plugins.
fn is_root(folder: &Path) -> Result<bool> {
    if !folder.join(FACADE).is_file() || !folder.join(ROOT).is_file() {
        return Ok(false);
    }
    let names = |file: &str, what: &str| Ok::<_, Error>(read(&folder.join(file))?.contains(what));
    Ok(names(ROOT, "[workspace]")? && names(FACADE, "name = \"datalake-plugins\"")?)
}

fn root_with(text: &str, name: &Name) -> Result<String> {
    let package = format!("datalake-{name}");
    let folder = format!("plugins/{name}");
    let text = add_value(text, &["workspace", "members"], "plugins/", &folder)?;
    let value = format!("{{ path = \"{folder}\" }}");
    add_key(
        &text,
        &["workspace", "dependencies"],
        "datalake-",
        &package,
        &value,
    )
}

fn facade_with(text: &str, name: &Name) -> Result<String> {
    let package = format!("datalake-{name}");
    let value = "{ workspace = true, optional = true }";
    let text = add_key(text, &["dependencies"], "datalake-", &package, value)?;
    let text = add_value(&text, &["features", "default"], "", name.kebab())?;
    let value = format!("[\"dep:{package}\"]");
    add_key(&text, &["features"], "", name.kebab(), &value)
}

/// The empty line keeps the formatter from sorting the names.
fn code_with(text: &str, name: &Name) -> Result<String> {
    let line = format!("#[cfg(feature = \"{name}\")]\n");
    if text.contains(&line) {
        return Ok(text.to_owned());
    }
    let module = name.table();
    Ok(format!(
        "{text}\n{line}pub use datalake_{module} as {module};\n"
    ))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::io(path.display(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The project's own files, so that a change of their form is noticed here.
    #[test]
    fn a_plugin_is_added_once_and_the_rest_stays() {
        let own = Checkout::at(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let copy = tempfile::tempdir().unwrap();
        fs::create_dir_all(copy.path().join("plugins/src")).unwrap();
        for file in [ROOT, FACADE, FACADE_CODE] {
            fs::copy(own.root().join(file), copy.path().join(file)).unwrap();
        }
        let checkout = Checkout::at(copy.path()).unwrap();
        let name = Name::parse("fresh-notes").unwrap();
        let edits = checkout.with_plugin(&name).unwrap();
        assert_eq!(edits.len(), 3);
        for (path, text) in &edits {
            let before = fs::read_to_string(path).unwrap();
            // Nothing is taken out, not even a remark.
            let mut rest = text.as_str();
            for word in before.split_whitespace() {
                let word = word.trim_end_matches(']');
                let at = rest.find(word).unwrap_or_else(|| panic!("{word} is lost"));
                rest = &rest[at + word.len()..];
            }
            fs::write(path, text).unwrap();
        }
        assert!(checkout.with_plugin(&name).unwrap().is_empty());
        let root = &edits[0].1;
        assert!(root.contains("\"plugins/voice-typing\", \"plugins/fresh-notes\""));
        assert!(root.contains("datalake-fresh-notes = { path = \"plugins/fresh-notes\" }\n"));
        assert!(
            edits[1]
                .1
                .contains("fresh-notes = [\"dep:datalake-fresh-notes\"]\n")
        );
        assert!(
            edits[2]
                .1
                .ends_with("pub use datalake_fresh_notes as fresh_notes;\n")
        );
    }
}
