//! Runs a program and says what it cost: time, CPU time, memory, and how its threads shared it.
//!
//! CPU time comes from the kernel's account of the ended process. Memory and the threads' shares
//! leave no such account, so a thread looks at them every few milliseconds while it runs.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

const BETWEEN_LOOKS: Duration = Duration::from_millis(4);

/// What one run of a program cost.
pub(crate) struct Usage {
    pub(crate) wall: Duration,
    /// User and system time of all threads.
    pub(crate) cpu: Duration,
    /// The most anonymous memory at any look: heap and stacks, not pages of files.
    pub(crate) anonymous: u64,
    /// CPU time of the busiest thread.
    pub(crate) busiest: Duration,
}

/// Runs a program to its end; any exit status but 0 is an error.
pub(crate) fn run(command: &mut Command) -> Outcome<Usage> {
    run_to(command, 0)
}

/// Runs a program to its end; any other exit status is an error.
pub(crate) fn run_to(command: &mut Command, code: i32) -> Outcome<Usage> {
    let started = Instant::now();
    let child = command
        .spawn()
        .map_err(|error| format!("cannot start {command:?}: {error}"))?;
    let ended = AtomicBool::new(false);
    let (waited, wall, seen) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(child.id(), &ended));
        let waited = wait(child.id());
        let wall = started.elapsed();
        ended.store(true, Ordering::Relaxed);
        (waited, wall, watcher.join())
    });
    let (status, cpu) = waited?;
    let seen = seen.map_err(|_| "the thread that watches memory panicked")?;
    if status != code << 8 {
        return Err(format!("{command:?} ended with status {status:#x}").into());
    }
    let busiest = seen.threads.into_values().max().unwrap_or_default();
    Ok(Usage {
        wall,
        cpu,
        anonymous: seen.anonymous,
        busiest,
    })
}

/// Waits for a child of ours; gives its raw status and its CPU time.
#[expect(
    unsafe_code,
    reason = "std cannot wait for one child and get its CPU time"
)]
fn wait(pid: u32) -> io::Result<(i32, Duration)> {
    let mut status = 0;
    // SAFETY: an rusage is plain numbers, for which all zeroes are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live variables of the types that the call fills in.
        let found = unsafe { libc::wait4(pid.cast_signed(), &mut status, 0, &mut usage) };
        if found >= 0 {
            return Ok((status, duration(usage.ru_utime) + duration(usage.ru_stime)));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec.unsigned_abs())
        + Duration::from_micros(time.tv_usec.unsigned_abs())
}

/// What was seen of a process while it ran.
#[derive(Default)]
struct Seen {
    anonymous: u64,
    /// CPU time by thread, as last seen: the last milliseconds of a thread are lost.
    threads: HashMap<String, Duration>,
}

fn watch(pid: u32, ended: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !ended.load(Ordering::Relaxed) {
        if let Some(bytes) = anonymous(pid) {
            seen.anonymous = seen.anonymous.max(bytes);
        }
        look_at_threads(pid, &mut seen.threads);
        thread::sleep(BETWEEN_LOOKS);
    }
    seen
}

fn anonymous(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn look_at_threads(pid: u32, threads: &mut HashMap<String, Duration>) {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return;
    };
    for task in tasks.flatten() {
        // Its first number is nanoseconds; `stat` would only count in hundredths of a second.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else {
            continue;
        };
        let Some(Ok(nanos)) = text.split(' ').next().map(str::parse) else {
            continue;
        };
        let name = task.file_name().to_string_lossy().into_owned();
        threads.insert(name, Duration::from_nanos(nanos));
    }
}

/// How busy the machine is: the three load averages.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The middle of some figures.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        even if even.is_multiple_of(2) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_busy_program_is_measured() {
        let count = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let usage = run(Command::new("sh").args(["-c", count])).unwrap();
        assert!(usage.cpu > Duration::from_millis(20), "{:?}", usage.cpu);
        assert!(usage.busiest <= usage.cpu + BETWEEN_LOOKS * 3);
        assert!(usage.anonymous > 10_000, "{}", usage.anonymous);
    }

    #[test]
    fn a_failing_program_is_an_error() {
        assert!(run(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
