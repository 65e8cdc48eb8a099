//! `kill -9` at any instant, one to five times, then one clean run: nothing is lost, nothing comes twice.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use datalake_testkit::deep;

use crate::support::context::TestContext;
use crate::support::input::{Expected, Random, Size, make};
use crate::support::system::alone;

/// Kills at each single change are in `nth`: here it is the many things that happen at once that count.
const ROUNDS: u64 = 20;
const DEEP_ROUNDS: u64 = 500;
/// The dev build reads this in half a second of two idle cores.
const SIZE: Size = Size {
    files: 12,
    lines: 40_000,
    bad_every: 400,
};

#[derive(Debug, Default)]
struct Tally {
    rounds: u64,
    /// Kills that found the process alive.
    kills: u64,
    /// Those of them after which a run stood in the database without an end.
    live: u64,
    /// Commands that had ended before their kill.
    late: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        self.kills += other.kills;
        self.live += other.live;
        self.late += other.late;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rounds,
            kills,
            live,
            late,
        } = self;
        write!(
            f,
            "{rounds} rounds, {kills} kills, of which {live} hit a live run; {late} came too late"
        )
    }
}

/// The input of all rounds, read once to see how long that takes.
fn input() -> (TestContext, Expected, Duration) {
    let cx = TestContext::new();
    let expected = make(&cx.path("in"), 1, SIZE);
    assert!(
        (80..=120).contains(&expected.rejects.len()),
        "{}",
        expected.rejects.len()
    );
    let begun = Instant::now();
    cx.run("run").expect(3);
    let took = begun.elapsed();
    expected.assert_in(&cx.database());
    (cx, expected, took)
}

/// One round from scratch.
fn round(seed: u64, input: &TestContext, expected: &Expected, took: Duration) -> Tally {
    let mut random = Random(seed);
    let mut tally = Tally {
        rounds: 1,
        ..Tally::default()
    };
    let cx = TestContext::new();
    let line = format!(
        "run --source memory-jsonl --set path={}",
        input.path("in").display()
    );
    for _ in 0..=random.below(5) {
        let running = cx.start(&line);
        let instant = random.below(took.as_micros() as u64);
        std::thread::sleep(Duration::from_micros(instant));
        running.signal(libc::SIGKILL);
        match running.finish() {
            ran if ran.signal() == Some(libc::SIGKILL) => tally.kills += 1,
            ran if matches!(ran.code(), Some(0 | 3)) => tally.late += 1,
            ran => panic!("round {seed}: {ran}"),
        }
    }
    let last = cx.run(&format!("{line} --json"));
    assert!(matches!(last.code(), Some(0 | 3)), "round {seed}: {last}");
    let told = last.json();
    assert_eq!(
        told["sources"][0]["missing"],
        serde_json::json!([]),
        "round {seed}: {told}"
    );
    let database = cx.database();
    expected.assert_in(&database);
    let interrupted = "SELECT count(*) FROM runs WHERE outcome = 'interrupted'";
    tally.live = cx.value::<i64>(interrupted) as u64;
    assert_eq!(
        cx.value::<i64>("SELECT count(*) FROM runs WHERE outcome = 'running'"),
        0
    );
    drop(database);
    nothing_is_left(&cx);
    // What is there is known: a further run reads nothing.
    let again = cx.run(&format!("{line} --json")).expect(0).json();
    assert_eq!(again["sources"][0]["bytes"], 0, "round {seed}: {again}");
    tally
}

/// No half-made database, no staged file, no folder of a dead process.
fn nothing_is_left(cx: &TestContext) {
    let left: Vec<String> = cx
        .everything()
        .into_keys()
        .filter(|name| {
            name.contains(".new") || name.contains(".staging/") && name != "data/.staging/"
        })
        .collect();
    assert!(left.len() <= 2, "{left:?}");
    assert!(
        !left
            .iter()
            .any(|name| name.ends_with(".tmp") || name.contains(".new")),
        "{left:?}"
    );
}

#[test]
fn killed_at_any_instant() {
    let _alone = alone();
    let rounds = if deep() { DEEP_ROUNDS } else { ROUNDS };
    let (input, expected, took) = input();
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let live = || tally.lock().unwrap_or_else(PoisonError::into_inner).live;
    // So many kills must have hit a run that had read something and had not ended.
    let live_kills = rounds * 5 / 6;
    // On a machine that is slower now than it was a moment ago more kills come too early: then there are
    // more rounds.
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= rounds && live() >= live_kills || seed >= 4 * rounds {
            return;
        }
        let one = round(seed, &input, &expected, took);
        tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(&one);
    };
    // Two at a time: the disk is what they wait for.
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    println!(
        "{}; a whole run takes {took:?}",
        tally.lock().unwrap_or_else(PoisonError::into_inner)
    );
    assert!(
        live() >= live_kills,
        "too few kills hit a live run: {tally:?}"
    );
}
