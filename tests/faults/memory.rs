//! The program keeps below the memory that is computed for it, whatever the input.

use std::fmt::Write;
use std::time::Duration;

use datalake::scheduler::Limits;

use crate::support::context::TestContext;
use crate::support::input::{Size, make};

const READERS: usize = 4;
/// The configured cache of the database's pages.
const CACHE: u64 = 16 << 20;
/// Just below the longest line that is read.
const LONG: usize = 15 << 20;

/// Four readers at once, each with lines of many megabytes between its short ones.
#[test]
fn lines_of_many_megabytes_beside_each_other() {
    let cx = TestContext::new().with("DATALAKE_RUN_THREADS", READERS.to_string());
    let expected = make(
        &cx.path("in"),
        31,
        Size {
            files: 6,
            lines: 60_000,
            bad_every: 600,
        },
    );
    for file in 0..READERS {
        let mut text = String::new();
        for number in 0..3 {
            let filler = "x".repeat(LONG);
            let pid = 1_000_000 + file * 10 + number;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{{\"timestamp\": 1, \"pid\": {pid}, \"note\": \"{filler}\"}}"
            );
        }
        cx.write(&format!("in/metrics-long{file}.jsonl"), text);
    }
    let ran = cx.run("run");
    assert_eq!(ran.code(), Some(3), "{ran}");
    let samples: i64 = cx.value("SELECT count(*) FROM memory_samples");
    assert_eq!(samples as usize, expected.samples.len() + 3 * READERS);
    let limits = Limits {
        readers: READERS,
        stall: Duration::from_secs(300),
    };
    let (peak, ceiling) = (ran.peak * 1024, limits.memory(CACHE, 10));
    assert!(peak < ceiling, "{} MiB of {}", peak >> 20, ceiling >> 20);
    // A bound that nothing comes near proves nothing.
    assert!(
        peak > ceiling / 4,
        "{} MiB of {}",
        peak >> 20,
        ceiling >> 20
    );
}
