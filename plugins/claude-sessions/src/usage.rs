//! What responses of the model took. A response is written down in several lines while it grows, so the counts of its
//! lines are drawn together: each is the greatest that any line has.

use datalake_core::{Record, Timestamp, Version, Zone};
use serde::{Deserialize, Serialize};

use crate::datasets::{DAILY, USAGE};
use crate::key::{Bytes, clean, digest};
use crate::line::{Entry, Usage};
use crate::prices::priced_as;

/// The counts of a response, in the order of the columns.
const COUNTS: usize = 9;

/// A response, as far as its lines have been read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Response {
    key: [u8; 16],
    message: Option<String>,
    request: Option<String>,
    /// Time, session, model, name of the price and agent of its first line, as JSON.
    first_seen: String,
    /// In microseconds.
    time: i64,
    day: String,
    session: String,
    model: String,
    speed: String,
    tier: Option<String>,
    counts: [i64; COUNTS],
    cost: Option<f64>,
    /// How often lines have changed it: of two states of one reading the later one counts.
    states: u64,
    /// Whether this state has been pushed.
    pushed: bool,
    /// The line that changed it last.
    place: (u64, u64),
}

/// Where a line with usage stands.
pub(crate) struct At<'a> {
    pub(crate) session: &'a str,
    pub(crate) agent: Option<&'a str>,
    pub(crate) time: Timestamp,
    pub(crate) zone: &'a Zone,
    pub(crate) place: (u64, u64),
    /// The key of the line's message, for a response without an id of its own.
    pub(crate) message_key: &'a Bytes,
}

#[derive(Serialize)]
struct UsageRow<'a> {
    usage_key: Bytes,
    message_id: Option<&'a str>,
    request_id: Option<&'a str>,
    first_seen: &'a str,
    timestamp: Option<Timestamp>,
    day: &'a str,
    speed: &'a str,
    service_tier: Option<&'a str>,
    input_tokens: i64,
    output_tokens: i64,
    cache_creation_tokens: i64,
    cache_read_tokens: i64,
    cache_5m_tokens: i64,
    cache_1h_tokens: i64,
    thinking_tokens: i64,
    web_searches: i64,
    web_fetches: i64,
    reported_cost_usd: Option<f64>,
}

#[derive(Serialize)]
struct DailyRow<'a> {
    day: &'a str,
    session_id: &'a str,
    model: &'a str,
    starts_at: Option<Timestamp>,
    priced_as: &'a str,
}

impl Response {
    /// What one line says of its response.
    pub(crate) fn of(entry: &Entry<'_>, usage: &Usage<'_>, at: &At<'_>) -> Self {
        let message = entry.message.0.id.get().map(clean);
        let request = entry.request.get().map(clean);
        let model = clean(entry.message.0.model.get().unwrap_or_default()).into_owned();
        Self {
            key: key(message.as_deref(), request.as_deref(), at.message_key),
            message: message.map(String::from),
            request: request.map(String::from),
            first_seen: first_seen(at, &model),
            time: at.time.as_micros(),
            day: at.time.in_zone(at.zone).date().to_string(),
            session: at.session.to_owned(),
            model,
            speed: speed(usage),
            tier: usage.service_tier.get().map(|tier| clean(tier).into()),
            counts: counts(usage),
            cost: entry.cost.0,
            states: 1,
            pushed: false,
            place: at.place,
        }
    }

    pub(crate) fn key(&self) -> Bytes {
        Bytes(self.key.to_vec())
    }

    /// Takes in another line of the same response. Says whether it is one.
    pub(crate) fn grow(&mut self, line: &Self) -> bool {
        if self.key != line.key {
            return false;
        }
        let mut grown = self.clone();
        for (count, other) in grown.counts.iter_mut().zip(line.counts) {
            *count = other.max(*count);
        }
        if line.first_seen < grown.first_seen {
            let first = line.clone();
            (grown.first_seen, grown.session, grown.model) =
                (first.first_seen, first.session, first.model);
            (grown.time, grown.day) = (first.time, first.day);
        }
        if line.speed > grown.speed {
            grown.speed.clone_from(&line.speed);
        }
        grown.tier = grown.tier.max(line.tier.clone());
        grown.cost = [grown.cost, line.cost]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        if grown != *self {
            (grown.states, grown.pushed, grown.place) = (self.states + 1, false, line.place);
            *self = grown;
        }
        true
    }

    /// The record of this state, unless it has been pushed.
    pub(crate) fn record(&mut self) -> Option<Record> {
        if std::mem::replace(&mut self.pushed, true) {
            return None;
        }
        let [
            input,
            output,
            creation,
            read,
            five,
            hour,
            thinking,
            searches,
            fetches,
        ] = self.counts;
        let row = UsageRow {
            usage_key: self.key(),
            message_id: self.message.as_deref(),
            request_id: self.request.as_deref(),
            first_seen: &self.first_seen,
            timestamp: Timestamp::from_micros(self.time),
            day: &self.day,
            speed: &self.speed,
            service_tier: self.tier.as_deref(),
            input_tokens: input,
            output_tokens: output,
            cache_creation_tokens: creation,
            cache_read_tokens: read,
            cache_5m_tokens: five,
            cache_1h_tokens: hour,
            thinking_tokens: thinking,
            web_searches: searches,
            web_fetches: fetches,
            reported_cost_usd: self.cost,
        };
        let record = Record::new(&USAGE, &row)
            .origin(datalake_core::Origin::bytes(self.place.0, self.place.1));
        Some(match self.states {
            1 => record,
            states => record.version(Version::number(states)),
        })
    }

    /// The bucket that the response belongs to: its name, and its record.
    pub(crate) fn bucket(&self, zone: &Zone) -> ([String; 3], Record) {
        let midnight = self.day.parse::<datalake_core::Date>().ok();
        let midnight = midnight.map(|day| day.at(0, 0, 0, 0));
        let row = DailyRow {
            day: &self.day,
            session_id: &self.session,
            model: &self.model,
            starts_at: midnight
                .and_then(|wall| zone.first_instant(wall))
                .or_else(|| Timestamp::from_micros(self.time)),
            priced_as: priced_as(&self.model),
        };
        let name = [&self.day, &self.session, &self.model].map(String::clone);
        (name, Record::new(&DAILY, &row))
    }
}

/// All that is taken from the first line of a response, in one text, so that the least text is the first line's. The
/// time has always the same length; where it is the same the rest decides.
fn first_seen(at: &At<'_>, model: &str) -> String {
    let time = at.time.to_string();
    let all = [
        Some(&*time),
        Some(at.session),
        Some(model),
        Some(priced_as(model)),
        at.agent,
    ];
    serde_json::Value::from_iter(all).to_string()
}

/// By message and request id; a response without a message id is its message.
fn key(message: Option<&str>, request: Option<&str>, own: &Bytes) -> [u8; 16] {
    match message {
        Some(message) => digest(&[message.as_bytes(), request.unwrap_or_default().as_bytes()]),
        None => digest(&[&own.0]),
    }
}

/// The speed that was paid for, where it is not the usual one.
fn speed(usage: &Usage<'_>) -> String {
    let speed = usage.speed.get().filter(|speed| *speed != "standard");
    speed.map(|speed| clean(speed).into()).unwrap_or_default()
}

fn counts(usage: &Usage<'_>) -> [i64; COUNTS] {
    let split = &usage.split;
    let creation = usage.cache_creation.0.unwrap_or_default();
    let hour = split.one_hour.0.unwrap_or_default();
    // Without the split all of it is kept for five minutes, as it was before there was one.
    let five = split.five_minutes.0.unwrap_or((creation - hour).max(0));
    [
        usage.input.0.unwrap_or_default(),
        usage.output.0.unwrap_or_default(),
        creation,
        usage.cache_read.0.unwrap_or_default(),
        five,
        hour,
        usage.output_details.thinking.0.unwrap_or_default(),
        usage.server_tools.searches.0.unwrap_or_default(),
        usage.server_tools.fetches.0.unwrap_or_default(),
    ]
}
