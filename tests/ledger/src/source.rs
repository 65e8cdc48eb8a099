//! The source: reads `*.ledger` files line by line and does what the lines say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use datalake_core::{
    Context, Emit, Error, FileEmit, FileSource, Files, KnownUnit, Line, Piece, Record, Reject,
    Result, Sample, Scope, Skip, Timestamp, TrackedFile, Version,
};
use serde::Serialize;

use crate::LedgerConfig;
use crate::datasets::PAIRS;
use crate::ops::Op;

/// A source of ledgers.
pub struct Ledger {
    roots: Vec<PathBuf>,
    commit_every: u64,
}

impl Ledger {
    /// A source with these settings.
    pub fn new(config: LedgerConfig) -> Self {
        Self {
            roots: config.path.0,
            commit_every: config.commit_every,
        }
    }
}

type Out<'a> = FileEmit<'a, ()>;

impl FileSource for Ledger {
    type Cursor = ();

    fn files(&self) -> Files {
        Files::append_only(self.roots.clone())
            .named(["*.ledger"])
            .keep_raw()
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        _from: (),
        out: &mut Out<'_>,
    ) -> Result<()> {
        let mut lines = file.lines();
        let mut since = 0;
        loop {
            if cx.cancel.is_cancelled() {
                out.commit(&lines.place(), &())?;
                return Err(Error::cancelled());
            }
            let commit = match lines.next_line()? {
                None => return out.commit(&lines.place(), &()),
                Some(Piece::Line(line)) => obey(cx, &line, out)?,
                Some(Piece::Overlong(long)) => {
                    out.reject(long.origin(), long.reject(), long.sample);
                    false
                }
            };
            since += 1;
            if commit || since == self.commit_every || out.is_due() {
                out.commit(&lines.place(), &())?;
                since = 0;
            }
        }
    }

    fn relate(&self, _cx: &Context, known: &[KnownUnit], out: &mut Emit<'_>) -> Result<()> {
        let mut by_size: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        let mut newest = Timestamp::EPOCH;
        for unit in known.iter().filter(|unit| unit.checkpoint.is_some()) {
            newest = newest.max(unit.state.modified.unwrap_or_default());
            by_size
                .entry(unit.state.size)
                .or_default()
                .push(unit.id.as_str());
        }
        // Units only ever come and grow, so that their sizes together never count down.
        let version = Version::number(known.iter().map(|unit| unit.state.size + 1).sum());
        let scope = Scope::new("ledger/pairs");
        for mut names in by_size.into_values() {
            names.sort_unstable();
            for pair in names.windows(2) {
                let row = Pair {
                    one: pair[0],
                    other: pair[1],
                    found_at: newest,
                };
                let record = Record::new(&PAIRS, &row).version(version.clone());
                out.push(record.scope(&scope, version.clone()))?;
            }
        }
        out.replace(scope, version);
        Ok(())
    }
}

#[derive(Serialize)]
struct Pair<'a> {
    one: &'a str,
    other: &'a str,
    found_at: Timestamp,
}

/// Does what a line says; returns whether it asks for a commit.
fn obey(cx: &Context, line: &Line<'_>, out: &mut Out<'_>) -> Result<bool> {
    let bad = |why: Reject, out: &mut Out<'_>| {
        out.reject(line.origin(), why, Sample::of(line.bytes));
    };
    let op = match line.json::<Op>() {
        Ok(op) => op,
        Err(why) => {
            bad(why, out);
            return Ok(false);
        }
    };
    let record = match op {
        Op::Book(book) => book.record(),
        Op::Account(account) => account.record(),
        Op::Entry(entry) => entry.record(|blob| out.file(blob))?,
        Op::Sample(sample) => sample.record(&cx.device),
        Op::Commit => return Ok(true),
        Op::Fail => return Err(Error::temporary("the line says so")),
        #[expect(clippy::panic, reason = "that is what the line asks for")]
        Op::Panic => panic!("the line says so"),
        quiet => {
            match quiet {
                Op::Complete { scope, version } => {
                    out.complete(Scope::new(scope), Version::number(version));
                }
                Op::Replace { scope, version } => {
                    out.replace(Scope::new(scope), Version::number(version));
                }
                Op::Truncated => out.truncated(),
                Op::Skip { why } => out.skip(Skip::new(why)),
                Op::Reject { why } => bad(Reject::new("asked-for", why), out),
                _ => {}
            }
            return Ok(false);
        }
    };
    out.push(record.origin(line.origin()))?;
    Ok(false)
}
