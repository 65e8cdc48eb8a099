//! When a source is read, as people write it. Here it is only checked; the scheduler computes the
//! times.

use std::time::Duration;

use datalake_core::config::{ConfigValue, Data, Item, Json, Reader, parse_duration, toml_string};

/// One or more schedules, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedules(pub Vec<String>);

const WORDS: &[&str] = &["manual", "once", "watch"];

/// What one schedule looks like, for people.
const ONE: &str = "\"watch\", \"once\", \"manual\", \"every 15m\" or five cron fields";

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
        let schedules: Vec<String> = read.into_iter().collect::<Option<_>>()?;
        if schedules.len() > 1 && schedules.iter().any(|schedule| schedule == "manual") {
            let message = "\"manual\" cannot be combined with other schedules".to_owned();
            return reader.refuse(item, message, None);
        }
        Some(Self(schedules))
    }

    fn to_toml(&self) -> Option<String> {
        match &self.0[..] {
            [one] => Some(toml_string(one)),
            many => many.to_vec().to_toml(),
        }
    }
}

fn read_one(item: &Item, reader: &mut Reader<'_>) -> Option<String> {
    let Some(text) = item.as_text() else {
        return reader.expected(item, ONE);
    };
    match check(text) {
        Ok(()) => Some(text.trim().to_owned()),
        Err(why) => {
            let message = format!("{} cannot be understood: {why}", reader.subject());
            let hint = format!("write {ONE}");
            reader.refuse(item, message, Some(hint))
        }
    }
}

/// What is wrong with a schedule.
fn check(text: &str) -> Result<(), String> {
    let text = text.trim();
    if WORDS.contains(&text) {
        return Ok(());
    }
    if let Some(period) = text.strip_prefix("every ") {
        return match parse_duration(period) {
            Some(period) if period >= Duration::from_secs(1) => Ok(()),
            Some(_) => Err("the shortest period is one second".into()),
            None => Err(format!(
                "`{}` is not a duration such as 15m or 2h",
                period.trim()
            )),
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() == CRON.len() {
        return CRON
            .iter()
            .zip(fields)
            .try_for_each(|(rule, field)| check_field(rule, field));
    }
    let near = datalake_core::config::nearest(text, WORDS.iter().copied().chain(["every"]));
    match near {
        Some("every") => Err("`every` needs a duration, such as \"every 15m\"".into()),
        Some(word) => Err(format!("did you mean \"{word}\"?")),
        None => Err(format!(
            "`{text}` is neither a known word nor five cron fields"
        )),
    }
}

/// One of the five fields of a cron schedule.
struct CronField {
    name: &'static str,
    least: u32,
    greatest: u32,
    /// Words that stand for numbers, counted from the least.
    words: &'static [&'static str],
}

const CRON: [CronField; 5] = [
    CronField {
        name: "minute",
        least: 0,
        greatest: 59,
        words: &[],
    },
    CronField {
        name: "hour",
        least: 0,
        greatest: 23,
        words: &[],
    },
    CronField {
        name: "day of the month",
        least: 1,
        greatest: 31,
        words: &[],
    },
    CronField {
        name: "month",
        least: 1,
        greatest: 12,
        words: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    // 7 is Sunday as well.
    CronField {
        name: "day of the week",
        least: 0,
        greatest: 7,
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// `*`, `5`, `1-5`, `*/10`, `8-18/2`, and lists of these.
fn check_field(rule: &CronField, field: &str) -> Result<(), String> {
    let wrong = || {
        let CronField {
            name,
            least,
            greatest,
            ..
        } = rule;
        format!("`{field}` is not a {name}: use {least} to {greatest}, `*`, `1-5` or `*/2`")
    };
    let good = field.split(',').all(|part| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step_fits = step.parse::<u32>().is_ok_and(|step| step > 0);
        step_fits && (range == "*" || range_fits(rule, range))
    });
    if good { Ok(()) } else { Err(wrong()) }
}

fn range_fits(rule: &CronField, range: &str) -> bool {
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    match (number(rule, from), number(rule, to)) {
        (Some(from), Some(to)) => from <= to,
        _ => false,
    }
}

fn number(rule: &CronField, text: &str) -> Option<u32> {
    let word = rule
        .words
        .iter()
        .position(|word| word.eq_ignore_ascii_case(text));
    let number = match word {
        Some(at) => rule.least + u32::try_from(at).ok()?,
        None => text.parse().ok()?,
    };
    (rule.least..=rule.greatest)
        .contains(&number)
        .then_some(number)
}
