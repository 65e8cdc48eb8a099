//! `datalake run`: reads the sources once, side by side, and ends with a summary a person understands.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use datalake_core::{Error, ErrorKind, Result};
use datalake_store::Store;
use serde_json::json;

use super::app::{App, created_lines};
use super::console::Console;
use super::print::{self, Grid};
use super::progress::Bars;
use super::{Exit, RunArgs};
use crate::config::{ConfiguredSource, Schedule};
use crate::scheduler::{
    Engine, Limits, Outcome, RunOptions, Scheduler, SourceReport, Stop, SystemTimer, Trigger,
};

pub(super) fn run(app: &App, args: &RunArgs) -> Result<Exit> {
    let sources: Vec<_> = app.config.selected().cloned().collect();
    if sources.is_empty() {
        return Err(Error::usage("there is no source to run").hint(
            "add a [source.NAME] table to datalake.toml; `datalake plugins list` names the types",
        ));
    }
    let runtime = runtime()?;
    let reports = runtime.block_on(async {
        if args.watch {
            watch(app, sources).await
        } else {
            run_once(app, args, sources).await
        }
    });
    // A reader that hangs must not keep the program from ending.
    runtime.shutdown_background();
    let reports = reports?;
    print_reports(app, &reports)?;
    Ok(exit(&reports))
}

/// The runtime of a command that waits.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::io("starting the runtime", error))
}

/// Runs all sources side by side and returns their reports in the order of the configuration.
async fn run_once(
    app: &App,
    args: &RunArgs,
    sources: Vec<ConfiguredSource>,
) -> Result<Vec<SourceReport>> {
    let engine = Arc::new(engine(app)?);
    let bars = Arc::new(Bars::new());
    let options = RunOptions {
        full: args.full,
        trigger: Trigger::Manual,
    };
    let mut tasks = tokio::task::JoinSet::new();
    for (place, source) in sources.into_iter().enumerate() {
        let (engine, bars) = (engine.clone(), bars.clone());
        tasks.spawn(async move { (place, engine.run(&source, options, &*bars).await) });
    }
    let mut reports = Vec::new();
    while let Some(done) = tasks.join_next().await {
        reports.push(done.map_err(|error| Error::bug("a run panicked").caused_by(error))?);
    }
    reports.sort_by_key(|(place, _)| *place);
    Ok(reports.into_iter().map(|(_, report)| report).collect())
}

/// Runs the scheduler in the foreground until a signal comes; the last report of each source.
async fn watch(app: &App, sources: Vec<ConfiguredSource>) -> Result<Vec<SourceReport>> {
    let idle = [Schedule::Manual];
    if sources
        .iter()
        .all(|source| source.settings.schedule.iter().eq(&idle))
    {
        return Err(
            Error::usage("no source is to be watched or read at any time").hint(
                "every chosen source says schedule = \"manual\"; `datalake run` reads them now",
            ),
        );
    }
    let order: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
    let engine = Arc::new(engine(app)?);
    let console = Console::new(app.json, App::clock(), engine.zone());
    let settings = app.config.watch.clone();
    let scheduler = Scheduler::new(engine, sources, settings, Arc::new(console)).await?;
    let mut reports = scheduler.run().await;
    reports.sort_by_key(|report| order.iter().position(|name| **name == *report.name));
    Ok(reports)
}

/// The engine over the store.
fn engine(app: &App) -> Result<Engine> {
    let (store, created) = app.store(App::clock())?;
    say(&created_lines(app, &created));
    Ok(engine_over(app, Arc::new(store)))
}

/// An engine over a store, which stops at a signal.
pub(super) fn engine_over(app: &App, store: Arc<Store>) -> Engine {
    let stop = Stop::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let limits = Limits {
        readers: threads(app),
        stall: app.config.run.stall,
    };
    Engine::new(store, Arc::new(SystemTimer::new()), limits, stop)
}

/// As many readers as the configuration says, or as there are cores.
fn threads(app: &App) -> usize {
    match app.config.run.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads as usize,
    }
}

/// How long the engine has to come to its commit points and to write how its runs ended.
const PATIENCE: Duration = Duration::from_millis(1900);

/// The first signal stops at the next commit point, the second at once; what takes longer than two seconds, such
/// as a database that somebody else has locked, is not waited for.
async fn stop_on_signal(stop: Stop) {
    signal().await;
    say(&[String::from(
        "stopping at the next commit point; once more to stop at once",
    )]);
    stop.ask();
    tokio::select! {
        () = signal() => {}
        () = tokio::time::sleep(PATIENCE) => {
            say(&[String::from("not waiting any longer; what is not committed is read again next time")]);
        }
    }
    #[expect(
        clippy::exit,
        clippy::disallowed_methods,
        reason = "the user asked twice, or for long enough, and nothing committed is lost"
    )]
    std::process::exit(130);
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(super) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}

pub(super) fn say(lines: &[String]) {
    let mut stderr = std::io::stderr().lock();
    for line in lines {
        // Nobody can be told when stderr is gone.
        let _ = writeln!(stderr, "{line}");
    }
}

/// What is worst decides.
pub(super) fn exit(reports: &[SourceReport]) -> Exit {
    let any = |outcome: Outcome| reports.iter().any(|report| report.outcome == outcome);
    let usage = |report: &SourceReport| {
        report
            .error
            .as_ref()
            .is_some_and(|e| e.kind() == ErrorKind::Usage)
    };
    match () {
        () if any(Outcome::Failed)
            && reports
                .iter()
                .all(|r| r.outcome != Outcome::Failed || usage(r)) =>
        {
            Exit::Usage
        }
        () if any(Outcome::Failed) || any(Outcome::Cancelled) => Exit::Failed,
        () if any(Outcome::Rejects) => Exit::Rejects,
        () => Exit::Done,
    }
}

fn print_reports(app: &App, reports: &[SourceReport]) -> Result<()> {
    if app.json {
        return print::json(&json!({ "sources": reports.iter().map(as_json).collect::<Vec<_>>() }));
    }
    let mut grid = Grid::new(&[
        "SOURCE",
        ">READ",
        ">INSERTED",
        ">CHANGED",
        ">UNCHANGED",
        ">REJECTED",
        ">BYTES",
        ">TIME",
        "OUTCOME",
    ]);
    for report in reports {
        let receipt = report.receipt;
        grid.row(vec![
            report.name.clone(),
            print::count(report.records),
            print::count(receipt.inserted),
            print::count(receipt.changed),
            print::count(receipt.unchanged),
            print::count(receipt.rejected),
            print::bytes(report.bytes),
            print::duration(report.elapsed),
            outcome(report),
        ]);
    }
    print::stdout(|out| grid.print(out))?;
    say(&reports.iter().flat_map(remarks).collect::<Vec<_>>());
    Ok(())
}

fn outcome(report: &SourceReport) -> String {
    match report.outcome {
        Outcome::Done if report.records + report.receipt.rejected == 0 => {
            String::from("nothing new")
        }
        Outcome::Done => String::from("done"),
        Outcome::Rejects => String::from("done, with rejects"),
        Outcome::Absent => String::from("not here"),
        Outcome::Failed => String::from("failed"),
        Outcome::Cancelled => String::from("stopped"),
        Outcome::Overlapped => String::from("another run was reading"),
    }
}

/// What the numbers do not say.
pub(super) fn remarks(report: &SourceReport) -> Vec<String> {
    let name = &report.name;
    let mut lines = Vec::new();
    for path in &report.missing {
        lines.push(format!("{name}: {}", print::absent(path)));
    }
    if report.receipt.rejected > 0 {
        lines.push(format!(
            "{name}: {} could not be stored as records; see `datalake rejects list --source {name}`",
            inputs(report.receipt.rejected)
        ));
    }
    if report.pending > 0 {
        lines.push(format!(
            "{name}: {} wait for the end of their line",
            print::bytes(report.pending)
        ));
    }
    if let Some(error) = report
        .error
        .as_ref()
        .filter(|error| error.kind() != ErrorKind::Cancelled)
    {
        lines.push(format!("error: {name}: {error}"));
        lines.extend(error.hint_text().map(|hint| format!("hint: {hint}")));
    }
    lines
}

pub(super) fn inputs(count: u64) -> String {
    if count == 1 {
        String::from("1 input")
    } else {
        format!("{} inputs", print::count(count))
    }
}

pub(super) fn as_json(report: &SourceReport) -> serde_json::Value {
    json!({
        "source": report.name,
        "plugin": report.plugin,
        "run": report.run,
        "outcome": report.outcome,
        "units": report.units,
        "skipped": report.skipped,
        "read": report.records,
        "inserted": report.receipt.inserted,
        "changed": report.receipt.changed,
        "unchanged": report.receipt.unchanged,
        "rejected": report.receipt.rejected,
        "bytes": report.bytes,
        "pending_bytes": report.pending,
        "seconds": report.elapsed.as_secs_f64(),
        "missing": report.missing.iter().map(|path| print::place(path)).collect::<Vec<_>>(),
        "error": report.error.as_ref().map(ToString::to_string),
        "hint": report.error.as_ref().and_then(Error::hint_text),
    })
}
