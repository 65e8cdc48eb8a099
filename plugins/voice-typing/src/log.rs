//! The gateway's log: what became of each upload. It says which job a recording was sent as, where names only tell
//! what is likely.
//!
//! ```text
//! 2026/01/01 16:58:10 Received POST request to /v1/transcribe
//! 2026/01/01 17:00:10 Error: Failed to upload to AssemblyAI, Details: …
//! 2026/01/01 17:00:10 Received POST request to /v1/transcribe
//! 2026/01/01 17:00:17 Transcript job created with ID: 7b1bf2a1-0537-4d62-a133-72abc474b423
//! 2026/01/01 17:00:28 Transcription completed for ID: 7b1bf2a1-0537-4d62-a133-72abc474b423. Duration: 264.00s
//! ```
//!
//! A line may have something in front, as the journal's lines do. The log does not name requests: of several at
//! once, the first to be received is taken for the first to be sent on.

use std::collections::VecDeque;
use std::fmt::Write;
use std::io::{self, BufRead, Read};

use datalake_core::{Date, Timestamp, Zone};

use crate::name;

/// What became of an upload. Times are seconds that the clock on the wall showed, counted as if it showed UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Request {
    /// When it began. The recording got its name right after.
    pub(crate) posted: i64,
    /// When it ended: with a job or without.
    pub(crate) ended: i64,
    /// How it ended.
    pub(crate) end: End,
}

/// How an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    /// It became the job whose id begins with these eight hexadecimal digits.
    Job(u32),
    /// It failed.
    Failed(Failure),
}

/// Why an upload became no transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Failure {
    Upload,
    Create,
    Result,
    Stopped,
    Other,
}

impl Failure {
    /// With the letter that stands for each in a cursor.
    const ALL: [(Self, char); 5] = [
        (Self::Upload, 'u'),
        (Self::Create, 'c'),
        (Self::Result, 'r'),
        (Self::Stopped, 's'),
        (Self::Other, 'o'),
    ];

    /// For people.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Upload => "the log says that the upload failed",
            Self::Create => "the log says that no job could be created",
            Self::Result => "the log says that the job failed or took too long",
            Self::Stopped => "the log says that the gateway was stopped meanwhile",
            Self::Other => "the log says that the request failed",
        }
    }

    /// By what the gateway says in front of the details.
    fn of(message: &str) -> Self {
        match message {
            failed if failed.starts_with("Failed to upload") => Self::Upload,
            failed if failed.starts_with("Failed to create transcript") => Self::Create,
            failed if failed.starts_with("Transcription failed") => Self::Result,
            _ => Self::Other,
        }
    }
}

/// No line of the gateway is longer; the rest of one is taken for a line that says nothing.
const LINE: u64 = 16 << 10;
/// The time stands among the first bytes of a line.
const PREFIX: usize = 120;
/// No more requests than these are under way at the same time.
const UNDER_WAY: usize = 64;
/// How much of a cursor the requests may fill, in bytes: those of the last two hundred uploads or so.
const KEPT: usize = 3_000;

/// Reads a log; nothing where no line of it is the gateway's.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read(mut input: impl BufRead) -> io::Result<Option<Vec<Request>>> {
    let mut log = Log::default();
    let mut line = Vec::new();
    while (&mut input).take(LINE).read_until(b'\n', &mut line)? > 0 {
        if let Some((time, event)) = event(&String::from_utf8_lossy(&line)) {
            log.is_one = true;
            log.take(time, &event);
        }
        line.clear();
    }
    log.stopped(None);
    log.ended.make_contiguous().sort_unstable();
    Ok(log.is_one.then_some(log.ended.into()))
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Started,
    Posted,
    Created(u32),
    Completed(u32),
    Failed(Failure),
}

fn event(line: &str) -> Option<(i64, Event)> {
    let (time, message) = timed(line)?;
    let event = if message.starts_with("Starting gateway server") {
        Event::Started
    } else if message.starts_with("Received POST request to /v1/transcribe") {
        Event::Posted
    } else if let Some(id) = message.strip_prefix("Transcript job created with ID: ") {
        Event::Created(job(id)?)
    } else if let Some(id) = message.strip_prefix("Transcription completed for ID: ") {
        Event::Completed(job(id)?)
    } else {
        Event::Failed(Failure::of(message.strip_prefix("Error: ")?))
    };
    Some((time, event))
}

/// The time of a line, wherever it stands among its first bytes, and what is behind it.
fn timed(line: &str) -> Option<(i64, &str)> {
    const SHAPE: &[u8] = b"dddd/dd/dd dd:dd:dd ";
    let fits = |part: &[u8]| {
        part.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            mark => byte == mark,
        })
    };
    let within = &line.as_bytes()[..line.len().min(PREFIX)];
    let at = within.windows(SHAPE.len()).position(fits)?;
    let part = |from: usize, to: usize| line.get(at + from..at + to)?.parse::<i8>().ok();
    let date = Date::new(
        line.get(at..at + 4)?.parse().ok()?,
        part(5, 7)?,
        part(8, 10)?,
    )
    .ok()?;
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let exists = hour < 24 && minute < 60 && second < 60;
    let wall = exists.then(|| date.at(hour, minute, second, 0))?;
    let (time, _) = Zone::utc().resolve(wall)?;
    Some((time.as_seconds(), line.get(at + SHAPE.len()..)?.trim_end()))
}

fn job(id: &str) -> Option<u32> {
    short(&name::job(id.get(..36)?)?)
}

/// The first eight digits of a job's id.
pub(crate) fn short(job: &str) -> Option<u32> {
    u32::from_str_radix(job.get(..8)?, 16).ok()
}

/// A log as far as it has been read.
#[derive(Default)]
struct Log {
    is_one: bool,
    under_way: VecDeque<UnderWay>,
    /// Those that have ended, the newest at the end.
    ended: VecDeque<Request>,
}

struct UnderWay {
    posted: i64,
    /// When it became which job.
    job: Option<(i64, u32)>,
}

impl Log {
    fn take(&mut self, time: i64, event: &Event) {
        match *event {
            Event::Started => self.stopped(Some(time)),
            Event::Posted => {
                self.under_way.truncate(UNDER_WAY - 1);
                self.under_way.push_back(UnderWay {
                    posted: time,
                    job: None,
                });
            }
            Event::Created(job) => {
                if let Some(first) = self.under_way.iter_mut().find(|one| one.job.is_none()) {
                    first.job = Some((time, job));
                }
            }
            Event::Completed(done) => {
                let is_it = |one: &UnderWay| one.job.is_some_and(|(_, job)| job == done);
                self.end_first(is_it, None);
            }
            Event::Failed(why) => {
                let has_job = why == Failure::Result;
                self.end_first(|one| one.job.is_some() == has_job, Some((time, why)));
            }
        }
    }

    /// Ends the first request that fits, with its job or with a failure.
    fn end_first(&mut self, fits: impl FnMut(&UnderWay) -> bool, failed: Option<(i64, Failure)>) {
        let at = self.under_way.iter().position(fits);
        if let Some(one) = at.and_then(|at| self.under_way.remove(at)) {
            self.end(&one, failed);
        }
    }

    fn end(&mut self, one: &UnderWay, failed: Option<(i64, Failure)>) {
        let failed = failed.map(|(time, why)| (time, End::Failed(why)));
        let job = one.job.map(|(time, job)| (time, End::Job(job)));
        if let Some((ended, end)) = failed.or(job) {
            // More than a cursor holds are not kept.
            if self.ended.len() >= KEPT / 5 {
                self.ended.pop_front();
            }
            self.ended.push_back(Request {
                posted: one.posted,
                ended,
                end,
            });
        }
    }

    /// The gateway starts anew, or the log ends: what was under way either has its job or was cut short. At the end of
    /// a log it may still go on.
    fn stopped(&mut self, started: Option<i64>) {
        for one in std::mem::take(&mut self.under_way) {
            let cut = started.filter(|_| one.job.is_none());
            self.end(&one, cut.map(|time| (time, Failure::Stopped)));
        }
    }
}

/// Requests as a cursor holds them: `<seconds since the one before>.<seconds until its end>.<job or letter>`, in
/// hexadecimal digits. Of too many the newest.
pub(crate) fn packed(requests: &[Request]) -> String {
    let mut parts = VecDeque::new();
    let mut room = KEPT;
    // The newest first, each with the distance from its elder; that of the eldest is counted from 1970.
    for (number, request) in requests.iter().enumerate().rev() {
        let elder = number.checked_sub(1).map(|elder| requests[elder].posted);
        let mut part = String::new();
        // Writing to a String cannot fail.
        let _ = write!(part, ".{:x}.", (request.ended - request.posted).max(0));
        let _ = match request.end {
            End::Job(job) => write!(part, "{job:08x}"),
            End::Failed(why) => {
                let letter = Failure::ALL.iter().find(|(known, _)| *known == why);
                letter.map_or(Ok(()), |(_, letter)| write!(part, "{letter}"))
            }
        };
        let absolute = format!("{:x}{part} ", request.posted);
        if absolute.len() > room {
            break;
        }
        let relative = elder.map(|elder| format!("{:x}{part} ", request.posted - elder));
        room = room.saturating_sub(relative.as_deref().unwrap_or(&absolute).len());
        parts.push_front((absolute, relative));
    }
    let first = parts.pop_front().map(|(absolute, _)| absolute);
    let others = parts.into_iter().filter_map(|(_, relative)| relative);
    let text: String = first.into_iter().chain(others).collect();
    text.trim_end().to_owned()
}

/// Requests as they were before; what makes no sense is left out.
pub(crate) fn unpacked(text: &str) -> Vec<Request> {
    let mut before = 0_i64;
    let requests = text.split_ascii_whitespace().map_while(|part| {
        let mut fields = part.splitn(3, '.');
        let mut number = || i64::from_str_radix(fields.next()?, 16).ok();
        let posted = before.checked_add(number()?)?;
        let ended = posted.checked_add(number()?)?;
        let end = fields.next()?;
        let failed = Failure::ALL
            .iter()
            .find(|(_, letter)| end.starts_with(*letter) && end.len() == 1);
        let end = match failed {
            Some((why, _)) => End::Failed(*why),
            None => End::Job(u32::from_str_radix(end, 16).ok()?),
        };
        before = posted;
        Some(Request { posted, ended, end })
    });
    requests.collect()
}

/// The instant at which a clock in `zone` showed this.
pub(crate) fn instant(wall: i64, zone: &Zone) -> Option<Timestamp> {
    let shown = Timestamp::from_seconds(wall)?.in_zone(&Zone::utc());
    Some(zone.resolve(shown)?.0)
}

#[cfg(test)]
mod tests;
