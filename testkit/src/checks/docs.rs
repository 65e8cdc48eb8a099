//! The plugin's pages say what the plugin is now.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::Kit;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "docs",
    rule: "the README names every key and every dataset, and the generated reference of a stock plugin knows them",
    run,
};

const README: &str = "README.md";
/// Below the root of the project.
const REFERENCE: &str = "docs/reference/configuration.md";

fn run(kit: &Arc<Kit>) -> Outcome {
    let Some(folder) = &kit.folder else {
        return Verdict::none("the folder of the plugin's crate is not known to this program");
    };
    readme(kit, folder)?;
    // Only what lies in the folder of the stock plugins is part of the stock program.
    let stock = folder.parent().filter(|above| above.ends_with("plugins"));
    if let Some(project) = stock.and_then(Path::parent) {
        reference(kit, &project.join(REFERENCE))?;
    }
    Ok(Verdict::Passed)
}

fn readme(kit: &Kit, folder: &Path) -> Result {
    let text = fs::read_to_string(folder.join(README)).unwrap_or_default();
    ensure!(
        !text.is_empty(),
        "there is no {README} in {}",
        folder.display()
    );
    for field in kit.entry.fields {
        let name = field.name;
        ensure!(
            has_word(&text, name),
            "{README} does not name the key `{name}`"
        );
    }
    for dataset in kit.entry.datasets {
        let name = dataset.name;
        ensure!(
            has_word(&text, name),
            "{README} does not name the dataset `{name}`"
        );
    }
    Ok(())
}

fn reference(kit: &Kit, page: &Path) -> Result {
    let text = fs::read_to_string(page).unwrap_or_default();
    let title = format!("`type = \"{}\"`", kit.entry.name);
    let chapter = text
        .split_once(&title)
        .map(|(_, rest)| rest.split("\n## ").next());
    let chapter = chapter.flatten().unwrap_or_default();
    let cure = "run `cargo xtask generate`";
    ensure!(
        !chapter.is_empty(),
        "{REFERENCE} has no chapter {title}: {cure}"
    );
    for field in kit.entry.fields {
        let meaning = field
            .doc()
            .replace('\n', " ")
            .replace('|', "\\|")
            .replace('<', "&lt;");
        let fresh = chapter.contains(&format!("`{}`", field.name)) && chapter.contains(&meaning);
        ensure!(
            fresh,
            "{REFERENCE} does not say of `{}` what the code says: {cure}",
            field.name
        );
    }
    Ok(())
}

/// Whether the text has the word by itself.
fn has_word(text: &str, word: &str) -> bool {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(of_word) && !text[at + word.len()..].starts_with(of_word)
    })
}
