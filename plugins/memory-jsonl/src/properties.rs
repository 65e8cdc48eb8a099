//! What must hold for any line whatever: it becomes one record or one reject, the same wherever it stands, and
//! nothing panics.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use datalake_core::{
    Aside, Batch, Checkpoint, Context, Error, FixedClock, KnownUnit, Line, Paths, Reading, Receipt,
    Record, Reject, Result, Sink, SourceName, Timestamp, UnitId, Zone, async_trait, line_source,
};
use proptest::prelude::*;

use crate::MemoryJsonl;
use crate::config::MemoryConfig;
use crate::line::{Kind, record};

/// Where each record and each reject stands, one entry for each.
#[derive(Default)]
struct Places(Mutex<Vec<(u64, u64)>>);

#[async_trait]
impl Sink for Places {
    async fn write(&self, batch: Batch) -> Result<Receipt> {
        let mut places = self.0.lock().unwrap();
        places.extend(batch.records().map(|record| record.bytes));
        let rejects = batch.rejects().iter();
        places.extend(rejects.map(|reject| (reject.origin.start, reject.origin.end)));
        Ok(Receipt::default())
    }

    async fn checkpoint(&self, _source: &SourceName, _unit: &UnitId) -> Result<Option<Checkpoint>> {
        Ok(None)
    }

    async fn known(&self, _source: &SourceName) -> Result<Vec<KnownUnit>> {
        Ok(Vec::new())
    }

    fn aside(&self) -> Result<Aside> {
        Err(Error::bug("memory logs have no files"))
    }
}

/// Reads a file of this name, and gives what came of it by place.
fn read(name: &str, content: &[u8]) -> Vec<(u64, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    let source = line_source(MemoryJsonl(MemoryConfig {
        path: Paths(vec![file]),
    }));
    let clock = Arc::new(FixedClock(Timestamp::EPOCH));
    let context = Context::new("test".into(), "laptop".into(), Zone::utc(), clock, 1);
    let sink = Arc::new(Places::default());
    let reading = Reading::new(source, context, sink.clone(), 1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        for unit in reading.units().await.unwrap() {
            let (read, written) = reading.unit(&unit, 1).await;
            read.unwrap();
            written.unwrap();
        }
    });
    let mut places = sink.0.lock().unwrap().clone();
    places.sort_unstable();
    places
}

fn parse(line: &[u8], start: u64, kind: Kind) -> Result<Record, Reject> {
    let line = Line {
        bytes: line,
        start,
        end: start + line.len() as u64 + 1,
    };
    record(&line, kind, "laptop", &Zone::utc())
}

/// All that a line becomes, in a form that compares.
fn outcome(line: &[u8], start: u64, kind: Kind) -> String {
    match parse(line, start, kind) {
        Ok(record) => {
            let values: Vec<_> = record.values().collect();
            format!("{} {values:?}", record.dataset().name)
        }
        Err(why) => format!("{} {}", why.code, why.message),
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Metrics), Just(Kind::Events), Just(Kind::Unknown)]
}

/// Values as lines have them, and as they should not.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| format!("{number:e}")),
        1 => any::<f64>().prop_map(|number| format!("{number}")),
        1 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        // A time that makes sense, so that not every line is rejected for its time.
        4 => (0..4_000_000_000_i64).prop_map(|seconds| seconds.to_string()),
        1 => Just("null".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just("[1, {\"a\": 2}]".to_owned()),
        1 => Just("{\"rss\": [\"\\ud800\"]}".to_owned()),
        1 => Just("99999999999999999999".to_owned()),
        1 => Just("\"half".to_owned()),
    ]
}

fn object() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        3 => Just("timestamp"),
        1 => Just("pid"),
        1 => Just("rss_bytes"),
        1 => Just("rss_mb"),
        1 => Just("rate_mb_min"),
        1 => Just("command"),
        1 => Just("session_id"),
        1 => Just("type"),
        1 => Just("severity"),
        1 => Just("message"),
        1 => Just("details"),
        1 => Just("else"),
        1 => Just("\\u0074ype"),
    ];
    let field = (name, value()).prop_map(|(name, value)| format!("\"{name}\": {value}"));
    proptest::collection::vec(field, 0..8)
        .prop_map(|fields| format!("{{{}}}", fields.join(", ")).into_bytes())
}

/// A good line with one byte that is another.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let fixtures = [
        include_str!("../fixtures/metrics.jsonl"),
        include_str!("../fixtures/events.jsonl"),
    ];
    let lines: Vec<&str> = fixtures.iter().flat_map(|text| text.lines()).collect();
    let lines = proptest::sample::select(lines);
    (lines, any::<proptest::sample::Index>(), any::<u8>()).prop_map(|(line, at, byte)| {
        let mut line = line.as_bytes().to_vec();
        if !line.is_empty() {
            let at = at.index(line.len());
            line[at] = byte;
        }
        line
    })
}

/// Any line that is not blank and has no mark of the file's start.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 1..60),
        4 => object(),
        4 => damaged(),
    ];
    let line = line.prop_map(|mut line| {
        line.retain(|byte| *byte != b'\n');
        line
    });
    line.prop_filter("a line", |line| {
        !line.trim_ascii().is_empty() && !line.starts_with(b"\xEF\xBB\xBF")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_line_is_the_same_wherever_it_stands(
        line in line(),
        kind in kind(),
        start in 0..1_u64 << 50,
    ) {
        let first = outcome(&line, 0, kind);
        prop_assert_eq!(&first, &outcome(&line, start, kind));
        prop_assert!(!first.is_empty());
        // The line break of other systems is none of its bytes, and white space says nothing.
        if parse(&line, 0, kind).is_ok() {
            let spaced = [b" \t", &line[..], b" \r"].concat();
            prop_assert_eq!(first, outcome(&spaced, start, kind));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn each_line_becomes_one_record_or_one_reject(
        lines in proptest::collection::vec((line(), any::<bool>()), 1..20),
        name in prop_oneof![Just("metrics.jsonl"), Just("events.jsonl.1"), Just("log")],
    ) {
        let mut content = Vec::new();
        let mut expected = Vec::new();
        for (line, windows) in &lines {
            let start = content.len() as u64;
            content.extend(line);
            content.extend(if *windows { &b"\r\n"[..] } else { b"\n" });
            expected.push((start, content.len() as u64));
        }
        let got = read(name, &content);
        prop_assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), got.len());
        prop_assert_eq!(got, expected);
    }
}
