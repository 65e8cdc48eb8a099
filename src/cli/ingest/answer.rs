//! What became of each file, for people and for programs.

use std::time::Duration;

use datalake_core::{Dataset, Error, Outcome, Receipt, Result};
use datalake_store::{Cell, Reader};
use serde_json::{Value, json};

use super::super::app::App;
use super::super::print;
use super::super::run::{inputs, say};
use super::plan::{Plan, Planned};
use crate::scheduler::{Brought, Ingest, Noted};

const DEADLINE: Duration = Duration::from_secs(10);
/// At most so many rejects of a file are told one by one.
const SHOWN: usize = 3;

/// What became of a file.
#[derive(Default)]
pub(super) struct Answer {
    /// How it was named.
    label: String,
    /// The plugin that read it.
    kind: Option<&'static str>,
    /// The name of the source and the number of the run that read it.
    source: String,
    run: Option<i64>,
    /// The rows that it became.
    rows: Vec<Rows>,
    /// How many of them are new.
    pub(super) receipt: Receipt,
    /// Bytes at its end that wait for the end of their line.
    pending: u64,
    /// The first rejects.
    rejects: Vec<Rejected>,
    /// Why there is nothing of it.
    pub(super) error: Option<Error>,
}

/// Rows of one dataset.
struct Rows {
    dataset: &'static Dataset,
    /// The number of the first, where rows have numbers.
    id: Option<i64>,
    /// Where the first one's file is kept.
    path: Option<String>,
    count: u64,
}

struct Rejected {
    code: String,
    message: String,
    start: i64,
    end: i64,
    pointer: String,
}

/// What became of each file, in the order in which they were named.
pub(super) fn all(app: &App, plan: Plan, ingests: &[Ingest]) -> Result<Vec<Answer>> {
    let reader = (!ingests.is_empty()).then(|| app.reader()).transpose()?;
    let files = plan.files.into_iter();
    let answers = files.map(|file| one(app, reader.as_ref(), file, ingests));
    let mut answers = answers.collect::<Result<Vec<Answer>>>()?;
    for ingest in ingests {
        tell_failure(&mut answers, ingest);
    }
    Ok(answers)
}

/// Where a run failed and none of its files did, its first file tells.
fn tell_failure(answers: &mut [Answer], ingest: &Ingest) {
    let report = &ingest.report;
    let mut own: Vec<&mut Answer> = answers
        .iter_mut()
        .filter(|answer| answer.source == report.name)
        .collect();
    if own.iter().all(|answer| answer.error.is_none())
        && let (Some(error), Some(first)) = (&report.error, own.first_mut())
    {
        first.error = Some(error.in_words());
    }
}

fn one(app: &App, reader: Option<&Reader>, file: Planned, ingests: &[Ingest]) -> Result<Answer> {
    let answer = Answer {
        label: file.label,
        kind: file.entry.map(|entry| entry.name),
        ..Answer::default()
    };
    let (group, unit) = match file.place {
        Ok(place) => place,
        Err(error) => {
            return Ok(Answer {
                error: Some(error),
                ..answer
            });
        }
    };
    let (Some(reader), Some(ingest)) = (reader, ingests.get(group)) else {
        return Err(Error::bug("a file was planned and never read"));
    };
    let report = &ingest.report;
    let answer = Answer {
        source: report.name.clone(),
        run: report.run,
        ..answer
    };
    let Some(brought) = ingest.units.get(&unit) else {
        let error = Some(unread(report.error.as_ref()));
        return Ok(Answer { error, ..answer });
    };
    let none = Outcome::default();
    let written = brought.written.as_ref().unwrap_or(&none);
    let rows = brought.records.iter();
    let rows = rows.map(|noted| rows_of(app, reader, noted));
    let rejects = match written.receipt.rejected {
        0 => Vec::new(),
        _ => rejects(reader, &answer, unit.as_str())?,
    };
    Ok(Answer {
        rows: rows.collect::<Result<_>>()?,
        receipt: written.receipt,
        pending: written.pending,
        rejects,
        error: failure(brought, written),
        ..answer
    })
}

/// Why a file was never tried.
fn unread(error: Option<&Error>) -> Error {
    match error {
        Some(error) => {
            let words = Error::new(error.kind(), format!("it was not read: {error}"));
            match error.hint_text() {
                Some(hint) => words.hint(hint),
                None => words,
            }
        }
        None => Error::permanent("it is not there any more"),
    }
}

/// Why nothing came of a file that was tried.
fn failure(brought: &Brought, written: &Outcome) -> Option<Error> {
    if let Some(error) = &brought.error {
        return Some(error.in_words());
    }
    let rejected = written.receipt.rejected > 0;
    if rejected || !brought.records.is_empty() {
        return None;
    }
    Some(match &written.skipped {
        Some(skip) => Error::permanent(skip.reason.to_string()),
        None if written.truncated => {
            Error::temporary("it was changed while it was read").hint("ingest it again")
        }
        None if written.pending > 0 => Error::permanent("its only line does not end")
            .hint("end it with a line break, unless somebody is still writing it"),
        None => Error::permanent("there is nothing in it that becomes a row"),
    })
}

fn rows_of(app: &App, reader: &Reader, noted: &Noted) -> Result<Rows> {
    let Noted {
        dataset,
        key,
        count,
    } = noted;
    let found = match key.is_empty() {
        true => None,
        false => reader.row(dataset, key, DEADLINE)?,
    };
    let data = &app.config.store.data_dir;
    let path = found.as_ref().and_then(|row| row.file.as_ref());
    Ok(Rows {
        dataset,
        id: found.as_ref().map(|row| row.id),
        path: path.map(|path| data.join(path).display().to_string()),
        count: *count,
    })
}

/// The rejects that the run has met in a unit.
fn rejects(reader: &Reader, answer: &Answer, unit: &str) -> Result<Vec<Rejected>> {
    let sql = "SELECT r.code, r.message, r.place_start, r.place_end, r.pointer
               FROM rejects AS r JOIN origins AS o ON o.id = r.origin
               WHERE o.source = ?1 AND o.unit = ?2 AND r.last_run = ?3 AND r.status = 'open' ORDER BY r.id LIMIT ?4";
    let parameters = [
        Cell::Text(answer.source.clone()),
        Cell::Text(unit.to_owned()),
        answer.run.map_or(Cell::Null, Cell::Integer),
        Cell::Integer(SHOWN as i64),
    ];
    let found = reader.table(sql, &parameters, DEADLINE)?;
    let rejected = |row: &Vec<Cell>| {
        let number = |place: usize| match row[place] {
            Cell::Integer(number) => number,
            _ => 0,
        };
        Rejected {
            code: print::cell(&row[0]),
            message: print::cell(&row[1]),
            start: number(2),
            end: number(3),
            pointer: print::cell(&row[4]),
        }
    };
    Ok(found.rows.iter().map(rejected).collect())
}

/// Prints a line a file; what went wrong goes to stderr. `tagged` says whether tags were asked for.
pub(super) fn print(answers: &[Answer], tagged: bool) -> Result<()> {
    print::stdout(|out| {
        for line in answers.iter().filter_map(Answer::line) {
            writeln!(out, "{}", print::line(&line))?;
        }
        Ok(())
    })?;
    let mut told = None;
    for answer in answers {
        say(&answer.remarks(tagged));
        if let Some(error) = &answer.error {
            let message = format!("error: {}: {error}", answer.label);
            say(&[print::line(&message)]);
            let hint = error.hint_text();
            // The same one need not be said for every file.
            if let Some(hint) = hint.filter(|_| hint != told) {
                say(&[format!("hint: {hint}")]);
            }
            told = hint;
        }
    }
    Ok(())
}

impl Answer {
    /// The rows that stand for the file: those that have a number before samples, which have none.
    fn first(&self) -> Option<&Rows> {
        let mut rows = self.rows.iter();
        rows.find(|rows| rows.id.is_some()).or(self.rows.first())
    }

    fn count(&self) -> u64 {
        self.rows.iter().map(|rows| rows.count).sum()
    }

    /// The line for people.
    fn line(&self) -> Option<String> {
        let Rows {
            dataset,
            id,
            path,
            count,
        } = self.first()?;
        let id = id.map(|id| format!(" {id}")).unwrap_or_default();
        // Of many rows each may have a file of its own.
        let path = path.as_ref().filter(|_| *count == 1);
        let path = path.unwrap_or(&self.label);
        Some(format!("{}{id}  {path}  ({})", dataset.name, self.state()))
    }

    /// What is new about its rows.
    fn state(&self) -> String {
        let Receipt {
            inserted,
            changed,
            unchanged,
            ..
        } = self.receipt;
        let counts = [
            (inserted, "new"),
            (changed, "changed"),
            (unchanged, "unchanged"),
        ];
        let some: Vec<_> = counts.iter().filter(|(count, _)| *count > 0).collect();
        if let ([(1, state)], 1) = (&some[..], self.count()) {
            return (*state).to_owned();
        }
        let states: Vec<String> = some
            .iter()
            .map(|(count, state)| format!("{} {state}", print::count(*count)))
            .collect();
        let names: Vec<&str> = self.rows.iter().map(|rows| rows.dataset.name).collect();
        let place = match names.len() {
            1 => String::new(),
            _ => format!(" of {}", names.join(", ")),
        };
        let rows = print::count(self.count());
        format!("{rows} rows{place}: {}", states.join(", "))
    }

    /// What the line does not say.
    fn remarks(&self, tagged: bool) -> Vec<String> {
        let label = print::line(&self.label);
        let mut lines = Vec::new();
        if tagged && !self.rows.is_empty() && self.rows.iter().all(|rows| !rows.dataset.tags) {
            lines.push(format!("{label}: its rows can have no tags"));
        }
        if self.pending > 0 && self.error.is_none() {
            let pending = print::bytes(self.pending);
            lines.push(format!("{label}: {pending} wait for the end of their line"));
        }
        let rejected = self.receipt.rejected;
        if rejected > 0 {
            lines.push(format!(
                "{label}: {} could not be stored as records; see `datalake rejects list --source {}`",
                inputs(rejected),
                self.source
            ));
        }
        for Rejected {
            code,
            message,
            start,
            end,
            pointer,
        } in &self.rejects
        {
            let line = format!("  byte {start} to {end}{pointer}: {message} ({code})");
            lines.push(print::line(&line));
        }
        let more = rejected.saturating_sub(self.rejects.len() as u64);
        if more > 0 {
            lines.push(format!("  and {} more", inputs(more)));
        }
        lines
    }

    fn as_json(&self) -> Value {
        let first = self.first();
        let datasets = self.rows.iter().map(|rows| {
            let Rows {
                dataset,
                id,
                path,
                count,
            } = rows;
            json!({ "dataset": dataset.name, "id": id, "path": path, "rows": count })
        });
        let rejects = self.rejects.iter().map(|reject| {
            json!({
                "byte_offset": reject.start,
                "byte_end": reject.end,
                "pointer": reject.pointer,
                "code": reject.code,
                "message": reject.message,
            })
        });
        json!({
            "file": self.label,
            "kind": self.kind,
            "dataset": first.map(|rows| rows.dataset.name),
            "id": first.and_then(|rows| rows.id),
            "new": self.receipt.inserted > 0,
            "path": first.and_then(|rows| rows.path.as_ref()),
            "rows": self.count(),
            "inserted": self.receipt.inserted,
            "changed": self.receipt.changed,
            "unchanged": self.receipt.unchanged,
            "rejected": self.receipt.rejected,
            "pending_bytes": self.pending,
            "datasets": datasets.collect::<Vec<_>>(),
            "rejects": rejects.collect::<Vec<_>>(),
            "run": self.run,
            "error": self.error.as_ref().map(ToString::to_string),
            "hint": self.error.as_ref().and_then(Error::hint_text),
        })
    }
}

/// Prints an array with an object a file.
pub(super) fn print_json(answers: &[Answer]) -> Result<()> {
    print::json(&answers.iter().map(Answer::as_json).collect::<Vec<_>>())
}
