//! The entry in the registry: a name, words for everything, defaults that work.

use std::sync::Arc;

use datalake_core::config::Field;
use datalake_core::registry::checked;
use datalake_core::{Recognised, Sniffed};
use datalake_store::Catalog;

use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::{Kit, section};
use crate::random::Random;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "registry",
    rule: "a plugin has a kebab-case name, says in words what it, each of its keys and each of its datasets is, its \
           sample and its defaults can be read, and it recognises its own files among any others",
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
    recognises_its_own(kit)?;
    Ok(Verdict::Passed)
}

/// What is seen of a file at most.
const SEEN: usize = 4096;
/// How many files are made of each input.
const MADE: u64 = 200;

/// A plugin that takes single files knows its own, and bears whatever else is called a file.
fn recognises_its_own(kit: &Kit) -> Result {
    let Some(recognises) = kit.entry.recognises else {
        return Ok(());
    };
    let seen = |name: &str, bytes: &[u8]| {
        let name = name.rsplit('/').next().unwrap_or_default();
        recognises(&Sniffed::new(name, &bytes[..bytes.len().min(SEEN)]))
    };
    let mut random = Random(1);
    let mut any = kit.inputs.is_empty();
    for (name, bytes) in &kit.inputs {
        any |= seen(name, bytes) > Recognised::No;
        for _ in 0..MADE {
            let end = random.below(bytes.len().min(SEEN) as u64 + 1) as usize;
            let mut made = bytes[..end].to_vec();
            for _ in 0..random.below(4) {
                if let Some(last) = made.len().checked_sub(1) {
                    made[random.below(last as u64 + 1) as usize] = random.below(256) as u8;
                }
            }
            seen("", &made);
        }
    }
    ensure!(
        any,
        "it recognises none of its own inputs: `datalake ingest` would never take one for its"
    );
    Ok(())
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
