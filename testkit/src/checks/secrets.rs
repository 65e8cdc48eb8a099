//! What is kept secret never shows.

use std::path::Path;
use std::sync::Arc;

use datalake_core::config::Field;
use datalake_core::{Cancel, Source};
use datalake_store::Store;
use tokio::runtime::{Builder, Runtime};

use crate::failure::{Failure, Outcome, Result, Verdict, ensure};
use crate::kit::{Kit, build, config_text, section};
use crate::lake::Lake;
use crate::logs::Logs;
use crate::reading::{How, finish, run as read};
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "secrets",
    rule: "a key that holds a secret is of the type `Secret`, and its value shows in no error, no log, no reject, no \
           row and no cursor",
    run,
};

/// What must not show.
const SECRET: &str = "s3cret-6b1f2d97";
/// What only secrets are called.
const TELLING: [&str; 6] = [
    "token",
    "password",
    "passphrase",
    "secret",
    "api_key",
    "credential",
];

fn run(kit: &Arc<Kit>) -> Outcome {
    for field in kit.entry.fields {
        let name = field.name;
        let telling = TELLING.iter().any(|word| name.contains(word));
        ensure!(
            field.secret || !telling,
            "the key `{name}` holds a secret, and is not of the type `Secret`"
        );
    }
    let secrets: Vec<&Field> = kit
        .entry
        .fields
        .iter()
        .filter(|field| field.secret)
        .collect();
    if secrets.is_empty() {
        return Verdict::none("it has no key that is kept secret");
    }
    let mut config = String::new();
    for line in kit.config.lines() {
        let key = line.split_once('=').map(|(key, _)| key.trim());
        if !secrets.iter().any(|field| Some(field.name) == key) {
            config.push_str(&format!("{line}\n"));
        }
    }
    for field in &secrets {
        config.push_str(&format!("{} = \"{SECRET}\"\n", field.name));
    }
    in_configuration(kit, &config)?;
    for there in [true, false] {
        in_reading(kit, &config, there)?;
    }
    Ok(Verdict::Passed)
}

fn hidden(what: &str, text: &str) -> Result {
    let line = text.lines().find(|line| line.contains(SECRET));
    match line {
        Some(line) => Err(Failure::new(format!(
            "the secret shows in {what}: {}",
            line.trim()
        ))),
        None => Ok(()),
    }
}

/// The effective values, and the reports of mistakes beside the secret and in it.
fn in_configuration(kit: &Kit, config: &str) -> Result {
    let good = config_text(config, Path::new("/base"));
    let wrong = format!("{good}no-such-key = 1\n");
    let list = good.replace(&format!("\"{SECRET}\""), &format!("[\"{SECRET}\"]"));
    for text in [good, wrong, list] {
        let mut section = section(&text);
        let source = build(kit.entry, &mut section);
        drop(source);
        hidden("the report of a mistake", &section.report_text())?;
        hidden(
            "the section of the configuration",
            &format!("{:?}", section.into_parts().1),
        )?;
    }
    Ok(())
}

/// A whole reading, with damaged inputs and with none at all: logs, errors, and all that is stored.
fn in_reading(kit: &Arc<Kit>, config: &str, there: bool) -> Result {
    let lake = Lake::empty(kit)?;
    for (name, bytes) in kit.inputs.iter().filter(|_| there) {
        lake.put(name, bytes)?;
        lake.append(name, b"\xff this is nothing ][\n")?;
    }
    let root = if there {
        lake.root().to_owned()
    } else {
        lake.path().join("not-there")
    };
    let logs = Logs::default();
    let runtime = runtime(&logs)?;
    let said = reading(kit, &lake, &config_text(config, &root), &runtime);
    runtime.shutdown_background();
    lake.close();
    if let Err(failure) = &said {
        hidden("an error", &failure.to_string())?;
    }
    hidden("an error", &said?)?;
    hidden("the logs", &logs.text())?;
    let stored = std::fs::read(lake.database())?;
    let found = stored
        .windows(SECRET.len())
        .any(|bytes| bytes == SECRET.as_bytes());
    ensure!(
        !found,
        "the secret is stored in the database: in a row, a reject or a cursor"
    );
    Ok(())
}

/// A runtime all of whose threads write their logs there.
fn runtime(logs: &Logs) -> Result<Runtime> {
    let logs = logs.clone();
    let made = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .on_thread_start(move || logs.listen())
        .build();
    Ok(made?)
}

fn reading(kit: &Arc<Kit>, lake: &Lake, config: &str, runtime: &Runtime) -> Result<String> {
    let mut section = section(config);
    let source: Option<Arc<dyn Source>> = build(kit.entry, &mut section);
    let source = source.ok_or_else(|| Failure::new(section.report_text()))?;
    let store: Arc<Store> = lake.store()?;
    let cancel = Cancel::default();
    let work = read(source, kit.entry, store, How::usual(), cancel.clone());
    let ran = finish(runtime, kit.effort.reading, &cancel, work)?;
    Ok(ran
        .error
        .map_or_else(String::new, |error| format!("{error:?} {error}")))
}
