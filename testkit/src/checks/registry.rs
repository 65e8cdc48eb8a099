//! The entry in the registry: a name, words for everything, defaults that work.

use std::sync::Arc;

use datalake_core::config::Field;
use datalake_core::registry::checked;
use datalake_store::Catalog;

use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::{Kit, section};
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "registry",
    rule: "a plugin has a kebab-case name, says in words what it, each of its keys and each of its datasets is, and \
           its sample and its defaults can be read",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    let entry = kit.entry;
    checked(vec![entry])?;
    in_words("the plugin", entry.summary)?;
    for field in entry.fields {
        let name = field.name;
        in_words(&format!("the key `{name}`"), &field.doc())?;
        default_comes_back(kit, field)?;
    }
    ensure!(
        !entry.datasets.is_empty(),
        "the plugin names no dataset: nobody could find what it brings"
    );
    for dataset in entry.datasets {
        in_words(&format!("the dataset `{}`", dataset.name), dataset.summary)?;
    }
    let fragments: Vec<(&str, &str)> = entry
        .schema
        .map(|sql| (entry.name, sql))
        .into_iter()
        .collect();
    Catalog::new(entry.datasets, &fragments).check()?;
    sample_is_read(kit)?;
    Ok(Verdict::Passed)
}

fn in_words(what: &str, doc: &str) -> Result {
    ensure!(
        !doc.trim().is_empty(),
        "{what} has no words: say what it is for in a doc comment or a summary"
    );
    Ok(())
}

/// A default that is written into the configuration means what it means when it is left out.
fn default_comes_back(kit: &Kit, field: &'static Field) -> Result {
    let name = field.name;
    let Some(default) = field.default() else {
        return Ok(());
    };
    let others = required(kit, name);
    let left_out = value(kit, &others, name)?;
    let written = value(kit, &format!("{others}{name} = {default}\n"), name)?;
    ensure!(
        left_out == written,
        "the default of `{name}` is {default}; written down it means {written:?}, left out {left_out:?}"
    );
    Ok(())
}

/// The keys that must be given, but for one.
fn required(kit: &Kit, but: &str) -> String {
    let fields = kit.entry.fields.iter();
    let lines = fields
        .filter(|field| field.required && field.name != but)
        .filter_map(|field| {
            let example = field.example().or_else(|| sample_value(kit, field.name))?;
            Some(format!("{} = {example}\n", field.name))
        });
    lines.collect()
}

/// What the test's own configuration says of a key that has neither default nor example.
fn sample_value(kit: &Kit, name: &str) -> Option<String> {
    kit.config.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// What a key means with this configuration, as TOML.
fn value(kit: &Kit, text: &str, name: &str) -> Result<Option<String>> {
    let mut read = section(text);
    let built = crate::kit::build(kit.entry, &mut read);
    ensure!(
        built.is_some(),
        "this configuration is refused:\n{text}\n{}",
        read.report_text()
    );
    let (_, rows) = read.into_parts();
    let key = format!("source.test.{name}");
    Ok(rows
        .into_iter()
        .find(|row| row.key == key)
        .and_then(|row| row.value))
}

/// The keys as the shipped `datalake.toml` shows them are right, as they stand and with every remark taken off.
fn sample_is_read(kit: &Kit) -> Result {
    let entry = kit.entry;
    let mut text = entry.sample.to_owned();
    if text.is_empty() {
        for field in entry.fields {
            let value = field.example().or_else(|| sample_value(kit, field.name));
            text.push_str(
                &value.map_or_else(String::new, |value| format!("{} = {value}\n", field.name)),
            );
        }
    }
    let mut read = section(&text);
    let built = crate::kit::build(entry, &mut read);
    ensure!(
        built.is_some(),
        "the sample is refused:\n{text}\n{}",
        read.report_text()
    );
    Ok(())
}
