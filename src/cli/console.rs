//! What `datalake run --watch` says while it runs: a line for everything that happens.

use std::io::Write;
use std::sync::Arc;

use datalake_core::{Error, Progress, Receipt, SharedClock, Zone};
use serde_json::{Value, json};

use super::print;
use crate::scheduler::{Observer, Outcome, SourceReport, Trigger};

/// Prints a line an event, for people or as JSON.
pub(super) struct Console {
    json: bool,
    clock: SharedClock,
    zone: Zone,
}

impl Console {
    /// A console that shows times in `zone`.
    pub(super) fn new(json: bool, clock: SharedClock, zone: Zone) -> Self {
        Self { json, clock, zone }
    }

    fn say(&self, source: &str, event: &str, text: &str, more: Value) {
        let now = self.clock.now().to_string();
        let line = if self.json {
            let mut line = json!({ "time": now, "source": source, "event": event });
            if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
                line.extend(more);
            }
            line.to_string()
        } else {
            format!("{}  {source}: {text}", print::local(&now, &self.zone))
        };
        let mut stdout = std::io::stdout().lock();
        // Whoever closes the pipe does not want to know; the work goes on.
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }
}

impl Observer for Console {
    fn waiting(&self, source: &str, holder: &str) {
        let by = if holder.is_empty() {
            "another process"
        } else {
            holder
        };
        self.say(
            source,
            "waiting",
            &format!("waiting for {by}"),
            json!({ "holder": holder }),
        );
    }

    fn started(&self, source: &str, trigger: Trigger, _progress: Arc<Progress>) {
        let text = match trigger {
            Trigger::Watch => String::from("watching"),
            other => format!("run started ({})", other.name()),
        };
        self.say(
            source,
            "started",
            &text,
            json!({ "trigger": trigger.name() }),
        );
    }

    fn failed(&self, source: &str, error: &Error) {
        let hint = error.hint_text();
        let more = json!({ "error": error.to_string(), "hint": hint });
        self.say(
            source,
            "failed",
            &format!("could not be read, tried again later: {error}"),
            more,
        );
    }

    fn brought(&self, source: &str, receipt: Receipt) {
        let Receipt {
            inserted,
            changed,
            unchanged,
            rejected,
        } = receipt;
        let more = json!({
            "inserted": inserted, "changed": changed, "unchanged": unchanged, "rejected": rejected,
        });
        self.say(source, "brought", &in_words(receipt), more);
    }

    fn ended(&self, report: &SourceReport) {
        let error = report.error.as_ref().map(ToString::to_string);
        let hint = report.error.as_ref().and_then(|error| error.hint_text());
        let mut text = match report.outcome {
            Outcome::Absent => {
                let missing = report.missing.first();
                missing.map_or_else(String::new, |path| print::absent(path))
            }
            Outcome::Failed => format!("failed: {}", error.as_deref().unwrap_or_default()),
            Outcome::Cancelled => String::from("stopped"),
            Outcome::Overlapped => String::from("was due while another run was reading; skipped"),
            Outcome::Done | Outcome::Rejects => format!("ended: {}", in_words(report.receipt)),
        };
        if let Some(hint) = hint {
            text.push_str("; ");
            text.push_str(hint);
        }
        let more =
            json!({ "outcome": report.outcome, "run": report.run, "error": error, "hint": hint });
        self.say(&report.name, "ended", &text, more);
    }
}

/// A receipt in words: what is zero is left out.
fn in_words(receipt: Receipt) -> String {
    let parts = [
        (receipt.inserted, "inserted"),
        (receipt.changed, "changed"),
        (receipt.unchanged, "unchanged"),
        (receipt.rejected, "rejected"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", print::count(*count)))
        .collect();
    if said.is_empty() {
        String::from("nothing new")
    } else {
        said.join(", ")
    }
}
