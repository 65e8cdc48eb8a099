//! Logs: text for people on stderr, and lines for later in files under the log folder, a new one each day.

use std::fmt;
use std::io::IsTerminal;

use datalake_core::{Clock, SystemClock, Zone};
use tracing::{Event, Subscriber};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat, LogLevel};

/// How many daily files are kept.
const DAYS: usize = 30;

/// Starts logging. What goes wrong with the files is said once on stderr and stops nothing.
pub(crate) fn start(log: &Log, verbose: bool, zone: Zone) {
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let shown = if verbose {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let people = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .with_filter(shown);
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("datalake")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&log.dir);
    let registry = tracing_subscriber::registry().with(people);
    let started = match (file, log.format) {
        (Ok(file), LogFormat::Json) => {
            let layer = tracing_subscriber::fmt::layer()
                .json()
                .with_writer(file)
                .with_filter(level);
            registry.with(layer).try_init()
        }
        (Ok(file), LogFormat::Text) => {
            let layer = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .event_format(Lines { zone })
                .with_writer(file)
                .with_filter(level);
            registry.with(layer).try_init()
        }
        (Err(error), _) => {
            let started = registry.try_init();
            tracing::warn!("no log files below {}: {error}", log.dir.display());
            started
        }
    };
    // A second start in one process keeps the first one's logs.
    let _ = started;
}

/// `[2026-01-10T12:00:00+05:30] [INFO] message key=value`, with the local time.
struct Lines {
    zone: Zone,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = SystemClock.now();
        let wall = now.in_zone(&self.zone);
        let offset = self.zone.offset(now);
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 3600, offset.abs() / 60 % 60);
        write!(
            out,
            "[{}{sign}{hours:02}:{minutes:02}] [{}] ",
            wall.strftime("%Y-%m-%dT%H:%M:%S"),
            event.metadata().level()
        )?;
        cx.field_format().format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}
