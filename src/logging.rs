//! Logs: text for people on stderr, and lines for later in files under the log folder, a new one each day.

use std::fmt;
use std::io::{self, IsTerminal};

use datalake_core::{Clock, Error, SystemClock, Zone};
use tracing::{Event, Level, Subscriber};
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

/// Starts logging to stderr, and for a command that changes the store also to a file. What goes wrong with
/// the file is said once on stderr and stops nothing.
pub(crate) fn start(log: &Log, to_file: bool, verbose: bool, zone: Zone) {
    let shown = if verbose {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let people = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .event_format(People)
        .with_filter(shown);
    let file = if to_file { daily_file(log) } else { Ok(None) };
    let (file, trouble) = match file {
        Ok(file) => (file, None),
        Err(trouble) => (None, Some(trouble)),
    };
    let lines = file.map(|file| match log.format {
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .with_writer(file)
            .boxed(),
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .event_format(Lines { zone })
            .with_writer(file)
            .boxed(),
    });
    let started = tracing_subscriber::registry()
        .with(lines.map(|lines| lines.with_filter(level(log.level))))
        .with(people)
        .try_init();
    // A second start in one process keeps the first one's logs.
    if let (Ok(()), Some(trouble)) = (started, trouble) {
        tracing::warn!("no log file: {trouble}");
    }
}

fn daily_file(log: &Log) -> Result<Option<RollingFileAppender>, Error> {
    std::fs::create_dir_all(&log.dir).map_err(|error| Error::io(log.dir.display(), error))?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("datalake")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&log.dir);
    file.map(Some).map_err(|error| {
        let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref());
        match cause.and_then(io::Error::raw_os_error) {
            Some(code) => Error::io(log.dir.display(), io::Error::from_raw_os_error(code)),
            None => Error::permanent(error.to_string()).at(log.dir.display().to_string()),
        }
    })
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// `warning: message key=value`, like everything else that is said on stderr.
struct People;

impl<S, N> FormatEvent<S, N> for People
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
        let name = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        write!(out, "{name}: ")?;
        cx.field_format().format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
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
