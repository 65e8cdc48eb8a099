//! Files that are named one by one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use datalake_core::{
    Chosen, Context, Error, FileEmit, FileSource, Files, Result, Skip, TrackedFile, UnitId,
    file_source,
};

use super::{Lake, MANUAL};
use crate::config::ConfiguredSource;
use crate::scheduler::{Ingest, Outcome};

/// The files of these names in `in`, each made of a text.
fn files(lake: &Lake, files: &[(&str, &str)]) -> Arc<Chosen> {
    let mut chosen = Chosen::default();
    for (name, text) in files {
        let path = lake.path("in").join(name);
        std::fs::write(&path, text).unwrap();
        chosen.add(path, Some(&lake.path("in")));
    }
    Arc::new(chosen)
}

fn renamed(source: ConfiguredSource) -> ConfiguredSource {
    ConfiguredSource {
        name: "@ingest/test".into(),
        ..source
    }
}

/// Does to a file what is in it.
struct Told;

impl FileSource for Told {
    type Cursor = ();

    fn files(&self) -> Files {
        Files::whole(["/nowhere"])
    }

    fn read(
        &self,
        _: &Context,
        file: &mut TrackedFile,
        (): (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        let mut told = String::new();
        std::io::Read::read_to_string(file, &mut told).unwrap();
        match told.as_str() {
            "skip" => out.skip(Skip::new("a shopping list")),
            "panic" => panic!("asked to"),
            "fail" => return Err(Error::temporary("the disk sleeps").hint("wake it")),
            _ => {}
        }
        out.commit(&file.end()?, &())
    }

    fn relate(
        &self,
        _: &Context,
        _: &[datalake_core::KnownUnit],
        _: &mut datalake_core::Emit<'_>,
    ) -> Result<()> {
        Err(Error::bug(
            "single files have nothing to do with one another",
        ))
    }
}

fn error(ingest: &Ingest, unit: &str) -> Option<String> {
    let brought = &ingest.units[&UnitId::new(unit)];
    brought.error.as_ref().map(ToString::to_string)
}

/// Nobody waits for a young file: time stands still here.
#[tokio::test(flavor = "multi_thread")]
async fn each_file_has_its_own_answer() {
    let lake = Lake::new();
    let engine = lake.engine(2);
    let source = renamed(lake.made("test", Silent));
    let source = ConfiguredSource {
        source: file_source(Told),
        ..source
    };
    let chosen = files(
        &lake,
        &[("a", ""), ("b", "skip"), ("c", "panic"), ("d", "")],
    );
    let ingest = engine.ingest(&source, chosen, &*lake.told).await;
    assert_eq!(
        (ingest.report.outcome, ingest.units.len()),
        (Outcome::Failed, 4)
    );
    assert_eq!((error(&ingest, "a"), error(&ingest, "d")), (None, None));
    assert!(error(&ingest, "c").unwrap().contains("panicked: asked to"));
    let skipped = ingest.units[&UnitId::new("b")]
        .written
        .clone()
        .unwrap()
        .skipped;
    assert_eq!(skipped, Some(Skip::new("a shopping list")));
    assert_eq!(
        lake.told.all(),
        ["@ingest/test ingest", "@ingest/test failed"]
    );

    // What may well fail again ends it.
    let engine = lake.engine(1);
    let chosen = files(&lake, &[("a", "fail"), ("b", ""), ("c", "")]);
    let ingest = engine.ingest(&source, chosen, &*lake.told).await;
    assert_eq!(error(&ingest, "a").unwrap(), "a: the disk sleeps");
    assert_eq!(ingest.report.error.unwrap().hint_text(), Some("wake it"));
}

/// Stands in where the source does not matter.
struct Silent;

#[datalake_core::async_trait]
impl datalake_core::Source for Silent {
    async fn units(&self, _: &Context) -> Result<Vec<datalake_core::Unit>> {
        Ok(Vec::new())
    }

    async fn read(
        &self,
        _: &Context,
        _: &datalake_core::Unit,
        _: Option<datalake_core::Checkpoint>,
        _: &mut datalake_core::Output,
    ) -> Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_a_file_are_noted() {
    let lake = Lake::new();
    let engine = lake.engine(2);
    let source = renamed(lake.logs());
    let text = "{\"timestamp\":1,\"pid\":1}\n{\"timestamp\":2,\"pid\":1}\nbad\n\
                {\"timestamp\":3,\"type\":\"control\",\"message\":\"on\"}\n";
    let chosen = files(
        &lake,
        &[("x", text), ("y", "{\"timestamp\":1,\"pid\":1}\n")],
    );
    for round in 0..2 {
        let ingest = engine.ingest(&source, chosen.clone(), &*lake.told).await;
        assert_eq!(ingest.report.outcome, Outcome::Rejects);
        let brought = &ingest.units[&UnitId::new("x")];
        let noted: Vec<_> = brought.records.iter().collect();
        let names: Vec<_> = noted
            .iter()
            .map(|noted| (noted.dataset.name, noted.count))
            .collect();
        assert_eq!(names, [("memory_metrics", 2), ("memory_events", 1)]);
        assert_eq!((noted[0].key.len(), noted[1].key.len()), (0, 1));
        let receipt = brought.written.as_ref().unwrap().receipt;
        assert_eq!(receipt.rejected, 1);
        if round > 0 {
            assert_eq!((receipt.inserted, receipt.unchanged), (0, 3));
        }
        let reader =
            datalake_store::Reader::open(&lake.path("datalake.db"), Duration::ZERO).unwrap();
        let row = reader.row(noted[1].dataset, &noted[1].key, Duration::from_secs(5));
        assert_eq!(row.unwrap().unwrap().id, 1);
    }
    assert_eq!(
        lake.value::<i64>("SELECT count(*) FROM checkpoints WHERE missing"),
        0
    );
}

/// A source that does not go by files reads nothing that was not named.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_named_is_not_read() {
    let lake = Lake::new();
    let reads = |_: &Context| panic!("nobody has named it");
    let source = renamed(lake.made("odd", super::Reads(reads)));
    let chosen = files(&lake, &[("two", "")]);
    let ingest = lake.engine(2).ingest(&source, chosen, &*lake.told).await;
    assert_eq!(
        (ingest.report.outcome, ingest.units.len()),
        (Outcome::Done, 0)
    );
}

/// One that is read under the same name lets it wait, whoever reads; its own source is another name.
#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_waits_for_another_one() {
    let lake = Lake::new();
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = Arc::new(Mutex::new(receiver));
    let read = move |_: &Context| {
        let _ = receiver.lock().unwrap().recv();
    };
    let slow = renamed(lake.made("slow", super::Reads(read)));
    let engine = lake.engine(2);
    let ingest = |told: Arc<super::Told>| {
        let (engine, slow) = (engine.clone(), slow.clone());
        let chosen = files(&lake, &[("one", "")]);
        tokio::spawn(async move { engine.ingest(&slow, chosen, &*told).await })
    };
    let first = ingest(lake.told.clone());
    let limit = Duration::from_secs(50);
    lake.until(limit, || {
        lake.told
            .all()
            .contains(&String::from("@ingest/test ingest"))
    })
    .await;
    let told = Arc::new(super::Told::default());
    let second = ingest(told.clone());
    lake.until(limit, || told.all() == ["@ingest/test waits"])
        .await;
    lake.append("metrics.jsonl", 0, 1);
    let run = engine.run(&lake.logs(), MANUAL, &*lake.told).await;
    assert_eq!(run.outcome, Outcome::Done);
    drop(sender);
    lake.until(limit, || second.is_finished()).await;
    for task in [first, second] {
        assert_eq!(task.await.unwrap().report.outcome, Outcome::Done);
    }
    let triggers: String =
        lake.value("SELECT group_concat(\"trigger\") FROM (SELECT * FROM runs ORDER BY id)");
    assert_eq!(triggers, "manual,ingest,ingest");
}
