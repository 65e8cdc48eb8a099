//! When a source is read, as people write it and as the scheduler gets it.

use std::fmt;
use std::time::Duration;

use datalake_core::config::{
    ConfigValue, Data, Item, Json, Reader, nearest, parse_duration, toml_string,
};

use super::cron::{Cron, CronError};

/// When a source is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// Only when somebody asks.
    Manual,
    /// One time, at the first start that has the source.
    Once,
    /// Again and again, at a distance.
    Every(Every),
    /// At times of the clock on the wall.
    Cron(Cron),
    /// As soon as something changes.
    Watch,
}

/// A distance between the starts of two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Every {
    text: String,
    /// From one second to ten years.
    period: Duration,
}

impl Every {
    /// From the start of a run to the start of the next.
    pub fn period(&self) -> Duration {
        self.period
    }
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// The schedules that are one word.
const WORDS: [(&str, Schedule); 3] = [
    ("manual", Schedule::Manual),
    ("once", Schedule::Once),
    ("watch", Schedule::Watch),
];

/// What one schedule looks like, for people.
const ONE: &str = "\"watch\", \"once\", \"manual\", \"every 15m\" or five cron fields";

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleError {
    message: String,
    hint: String,
}

impl ScheduleError {
    fn unclear(why: impl fmt::Display) -> Self {
        Self {
            message: format!("cannot be understood: {why}"),
            hint: format!("write {ONE}"),
        }
    }
}

/// Follows the name of what cannot be understood.
impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Schedule {
    /// Reads one schedule.
    ///
    /// # Errors
    /// It is none, or one that never comes.
    ///
    /// ```
    /// use datalake::config::Schedule;
    /// assert_eq!(Schedule::parse("every 15m").unwrap().to_string(), "every 15m");
    /// assert!(Schedule::parse("0 0 30 2 *").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        if let Some((_, schedule)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(schedule.clone());
        }
        if let Some(period) = text.strip_prefix("every ") {
            return read_every(text, period).map_err(ScheduleError::unclear);
        }
        Cron::parse(text)
            .map(Self::Cron)
            .map_err(|error| match error {
                CronError::NoCron => ScheduleError::unclear(unknown(text)),
                CronError::Field(why) => ScheduleError::unclear(why),
                CronError::Never(why) => ScheduleError {
                    message: format!("never comes: {why}"),
                    hint:
                        "February has at most 29 days; April, June, September and November have 30"
                            .into(),
                },
            })
    }
}

/// As it was written.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manual => f.write_str("manual"),
            Self::Once => f.write_str("once"),
            Self::Every(every) => f.write_str(&every.text),
            Self::Cron(cron) => cron.fmt(f),
            Self::Watch => f.write_str("watch"),
        }
    }
}

fn read_every(text: &str, period: &str) -> Result<Schedule, String> {
    match parse_duration(period) {
        Some(period) if period < SHORTEST => Err("the shortest period is one second".into()),
        Some(period) if period > LONGEST => Err("the longest period is 3650 days".into()),
        Some(period) => Ok(Schedule::Every(Every {
            text: text.to_owned(),
            period,
        })),
        None => Err(format!(
            "`{}` is not a duration such as 15m or 2h",
            period.trim()
        )),
    }
}

/// What to say of a text that is nothing at all.
fn unknown(text: &str) -> String {
    let words = WORDS.iter().map(|(word, _)| *word);
    match nearest(text, words.chain(["every"]).chain(Cron::short_names())) {
        Some("every") => "`every` needs a duration, such as \"every 15m\"".into(),
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("`{text}` is neither a known word nor five cron fields"),
    }
}

/// The schedules of a source: at least one, none of them twice, and `manual` only alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedules(Vec<Schedule>);

impl Schedules {
    /// Puts schedules together.
    ///
    /// # Errors
    /// There is none, one stands there twice, or `manual` and another.
    pub fn new(schedules: Vec<Schedule>) -> Result<Self, String> {
        if schedules.len() > 1 && schedules.contains(&Schedule::Manual) {
            return Err("\"manual\" cannot be combined with other schedules".into());
        }
        let mut earlier = schedules.iter().enumerate();
        match earlier.find(|(at, schedule)| schedules[..*at].contains(schedule)) {
            Some((_, twice)) => Err(format!("\"{twice}\" stands there twice")),
            None if schedules.is_empty() => Err("there is no schedule".into()),
            None => Ok(Self(schedules)),
        }
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Schedule> {
        self.0.iter()
    }
}

/// As they were written, with commas between them.
impl fmt::Display for Schedules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.iter().map(Schedule::to_string).collect();
        f.write_str(&texts.join(", "))
    }
}

impl ConfigValue for Schedules {
    fn kind() -> String {
        format!("{ONE}, or a list of these")
    }

    fn schema() -> Json {
        let mut list = Json::Null;
        list["type"] = "array".into();
        list["items"] = String::schema();
        list["minItems"] = 1.into();
        let mut schema = Json::Null;
        schema["anyOf"] = vec![String::schema(), list].into();
        schema
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        let Data::List(items) = &item.data else {
            return Some(Self(vec![read_one(item, reader)?]));
        };
        if items.is_empty() {
            let message = format!("{} must not be an empty list", reader.subject());
            return reader.refuse(
                item,
                message,
                Some("\"manual\" means: never by itself".into()),
            );
        }
        // All entries are read before the first bad one ends it, so that all are reported.
        let mut entries = reader.entries();
        let read: Vec<_> = items
            .iter()
            .map(|item| read_one(item, &mut entries))
            .collect();
        match Self::new(read.into_iter().collect::<Option<_>>()?) {
            Ok(schedules) => Some(schedules),
            Err(message) => reader.refuse(item, message, None),
        }
    }

    fn to_toml(&self) -> Option<String> {
        let texts: Vec<String> = self.iter().map(Schedule::to_string).collect();
        match &texts[..] {
            [one] => Some(toml_string(one)),
            _ => texts.to_toml(),
        }
    }
}

fn read_one(item: &Item, reader: &mut Reader<'_>) -> Option<Schedule> {
    let Some(text) = item.as_text() else {
        return reader.expected(item, ONE);
    };
    match Schedule::parse(text) {
        Ok(schedule) => Some(schedule),
        Err(error) => {
            let message = format!("{} {error}", reader.subject());
            reader.refuse(item, message, Some(error.hint))
        }
    }
}
