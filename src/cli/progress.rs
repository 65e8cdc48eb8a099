//! Progress bars, on a terminal only, and a line where a run waits for another.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datalake_core::{Error, Progress, Receipt};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::scheduler::{Observer, SourceReport, Trigger};

/// How often a bar looks at the counters.
const REFRESH: Duration = Duration::from_millis(100);

/// Shows each source's progress on a terminal.
pub(super) struct Bars {
    shown: bool,
    all: MultiProgress,
    /// Each running source's bar, and the flag that ends the thread which moves it.
    running: Mutex<HashMap<String, (ProgressBar, Arc<AtomicBool>)>>,
}

impl Bars {
    pub(super) fn new() -> Self {
        let shown = std::io::stderr().is_terminal();
        Self {
            shown,
            all: MultiProgress::new(),
            running: Mutex::default(),
        }
    }
}

impl Observer for Bars {
    fn waiting(&self, source: &str, holder: &str) {
        let by = if holder.is_empty() {
            String::from("another run")
        } else {
            holder.to_owned()
        };
        // Nobody can be told when stderr is gone.
        let _ = writeln!(
            std::io::stderr(),
            "{source}: waiting for {by}, which is reading it"
        );
    }

    fn started(&self, source: &str, _trigger: Trigger, progress: Arc<Progress>) {
        if !self.shown {
            return;
        }
        let bar = self.all.add(ProgressBar::no_length());
        let template = "{prefix} {bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(source.to_owned());
        let ended = Arc::new(AtomicBool::new(false));
        let (moved, stop) = (bar.clone(), ended.clone());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                moved.set_length(progress.total.load(Ordering::Relaxed));
                moved.set_position(progress.read.load(Ordering::Relaxed));
                moved.set_message(format!(
                    "{} records",
                    progress.records.load(Ordering::Relaxed)
                ));
                std::thread::sleep(REFRESH);
            }
        });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(source.to_owned(), (bar, ended));
    }

    fn failed(&self, _source: &str, _error: &Error) {}

    fn brought(&self, _source: &str, _receipt: Receipt) {}

    fn ended(&self, report: &SourceReport) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((bar, ended)) = running.remove(&report.name) {
            ended.store(true, Ordering::Relaxed);
            bar.finish_and_clear();
        }
    }
}

/// Shows on a terminal that something is going on whose end nobody knows, until it is dropped.
pub(super) struct Spinner(Option<ProgressBar>);

impl Spinner {
    /// Says what is going on.
    pub(super) fn new(what: &'static str) -> Self {
        let shown = std::io::stderr().is_terminal();
        Self(shown.then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_message(what);
            bar.enable_steady_tick(REFRESH);
            bar
        }))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
