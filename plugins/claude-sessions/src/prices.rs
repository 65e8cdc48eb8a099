//! What models cost, by date. The prices that are known are part of the program (`prices.csv`, read on 2026-11-28 from
//! the pages that each row names); a file of the user's adds to them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use datalake_core::{Context, Date, Emit, Error, Record, Result, Scope, Timestamp, Version};
use serde::Serialize;

use crate::datasets::PRICES;

const KNOWN: &str = include_str!("prices.csv");
/// A longer file of prices is none.
const LONGEST: u64 = 1 << 20;
/// When `prices.csv` was read, in seconds: midnight of 2026-11-28. A later reading counts before an earlier one.
const PRICES_READ_ON: i64 = 1_795_824_000;

#[derive(Debug, PartialEq, Serialize)]
struct Price<'a> {
    model: &'a str,
    from_day: &'a str,
    above_tokens: u64,
    speed: &'a str,
    starts_at: Timestamp,
    input: f64,
    output: f64,
    cache_write_5m: f64,
    cache_write_1h: f64,
    cache_read: f64,
    web_search: f64,
    source: &'a str,
}

/// Pushes the prices that are known and those of the user's own file as one set: what was said before with the same
/// file and is said no more is taken out.
pub(crate) fn relate(cx: &Context, own: Option<&Path>, out: &mut Emit<'_>) -> Result<()> {
    let own = own.map(Own::read).transpose()?;
    let mut prices = BTreeMap::new();
    for (_, line) in rows(KNOWN) {
        let price = price(cx, line).map_err(Error::bug)?;
        prices.insert(price.key(), price);
    }
    for price in own.iter().flat_map(|own| own.prices(cx)) {
        let price = price?;
        prices.insert(price.key(), price);
    }
    let read_on =
        Timestamp::from_seconds(PRICES_READ_ON).map_or_else(Version::default, Version::of);
    let (scope, version) = match &own {
        Some(own) => {
            // The file may be another at any time; nobody says so.
            out.truncated();
            let scope = format!("claude-prices:{}", own.path.display());
            (Scope::new(scope), read_on.then(own.modified))
        }
        None => (Scope::new("claude-prices"), read_on),
    };
    for price in prices.values() {
        if cx.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let record = Record::new(&PRICES, price).version(version.clone());
        out.push(record.scope(&scope, version.clone()))?;
    }
    out.replace(scope, version);
    Ok(())
}

/// The user's own file of prices.
struct Own<'p> {
    path: &'p Path,
    text: String,
    /// When it was changed last, in microseconds.
    modified: u64,
}

impl<'p> Own<'p> {
    fn read(path: &'p Path) -> Result<Self> {
        let mut text = String::new();
        let modified = File::open(path)
            .and_then(|file| {
                let modified = file.metadata()?.modified()?;
                file.take(LONGEST).read_to_string(&mut text)?;
                Ok(modified)
            })
            .map_err(|error| {
                let why = Error::permanent("the prices cannot be read").caused_by(error);
                why.at(path.display().to_string())
            })?;
        let modified = Timestamp::from_system(modified).map_or(0, Timestamp::as_micros);
        Ok(Self {
            path,
            text,
            modified: u64::try_from(modified).unwrap_or_default(),
        })
    }

    fn prices<'a>(&'a self, cx: &'a Context) -> impl Iterator<Item = Result<Price<'a>>> {
        rows(&self.text).map(|(number, line)| {
            price(cx, line).map_err(|why| {
                Error::permanent(why)
                    .at(format!("{}:{number}", self.path.display()))
                    .hint("a row is model,from_day,above_tokens,speed,input,output,cache_write_5m,cache_write_1h,cache_read,web_search")
            })
        })
    }
}

impl<'a> Price<'a> {
    /// What a price is of. The user's own replaces the one that is known.
    fn key(&self) -> (&'a str, &'a str, &'a str, u64) {
        (self.model, self.speed, self.from_day, self.above_tokens)
    }
}

/// The rows with their numbers, without the heading, empty lines and remarks.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines.filter_map(|(number, line)| {
        let line = line.trim();
        let is_row = !line.is_empty() && !line.starts_with('#') && !line.starts_with("model,");
        is_row.then_some((number + 1, line))
    })
}

fn price<'a>(cx: &Context, line: &'a str) -> Result<Price<'a>, String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
    let number = |place: usize| match cell(place).parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err(format!("`{}` is no price", cell(place))),
    };
    let day: Date = cell(1)
        .parse()
        .map_err(|_| format!("`{}` is no day such as 2026-10-07", cell(1)))?;
    let midnight = cx.zone.first_instant(day.at(0, 0, 0, 0));
    if cell(0).is_empty() {
        return Err(String::from("the row names no model"));
    }
    Ok(Price {
        model: priced_as(cell(0)),
        from_day: cell(1),
        above_tokens: cell(2)
            .parse()
            .map_err(|_| format!("`{}` is no number of tokens", cell(2)))?,
        speed: cell(3),
        starts_at: midnight.unwrap_or(Timestamp::EPOCH),
        input: number(4)?,
        output: number(5)?,
        cache_write_5m: number(6)?,
        cache_write_1h: number(7)?,
        cache_read: number(8)?,
        web_search: number(9)?,
        source: Some(cell(10))
            .filter(|source| !source.is_empty())
            .unwrap_or("configuration"),
    })
}

/// The name that a model has in the table of prices: without the provider, the date and the size of the context.
pub(crate) fn priced_as(model: &str) -> &str {
    let name = model.find("claude-").map_or(model, |start| &model[start..]);
    let end = name.find(['@', '[', ':']).unwrap_or(name.len());
    let mut name = &name[..end];
    while let Some((before, last)) = name.rsplit_once('-') {
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_date = last.len() == 8 && is_number(last);
        let is_version = last.strip_prefix('v').is_some_and(is_number);
        if !is_date && !is_version && last != "latest" {
            break;
        }
        name = before;
    }
    // The first of a generation is also called by a zero.
    name.strip_suffix("-0").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datalake_core::{FixedClock, Zone};

    use super::*;

    fn context() -> Context {
        let clock = Arc::new(FixedClock(Timestamp::EPOCH));
        Context::new("claude".into(), "desktop".into(), Zone::utc(), clock, 1)
    }

    #[test]
    fn models_have_one_name_whoever_serves_them() {
        for (model, name) in [
            ("claude-opus-4-1-20250805", "claude-opus-4-1"),
            ("claude-sonnet-4-20250514", "claude-sonnet-4"),
            ("claude-sonnet-4-0", "claude-sonnet-4"),
            ("claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "claude-sonnet-4-5",
            ),
            ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            ("anthropic/claude-opus-4-6[1m]", "claude-opus-4-6"),
            ("<synthetic>", "<synthetic>"),
            ("gpt-5", "gpt-5"),
            ("", ""),
        ] {
            assert_eq!(priced_as(model), name, "{model}");
        }
    }

    #[test]
    fn the_known_prices_are_a_table() {
        let cx = context();
        let prices: Vec<Price<'_>> = rows(KNOWN)
            .map(|(_, line)| price(&cx, line).unwrap())
            .collect();
        let mut keys: Vec<_> = prices.iter().map(Price::key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), prices.len());
        assert!(
            prices
                .iter()
                .all(|price| price.source.contains('/') || price.model == "<synthetic>")
        );
        // Each day from which on prices count has one for short prompts.
        assert!(
            keys.iter()
                .all(|key| keys.contains(&(key.0, key.1, key.2, 0)))
        );
    }

    #[test]
    fn the_day_they_were_read_is_the_one_that_is_named() {
        let day = Timestamp::from_seconds(PRICES_READ_ON).unwrap();
        assert_eq!(day.to_string(), "2026-11-28T00:00:00.000000Z");
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        let cx = context();
        let why = |line: &str| price(&cx, line).unwrap_err();
        assert_eq!(
            why("m,yesterday,0,,1,1,1,1,1,1"),
            "`yesterday` is no day such as 2026-10-07"
        );
        assert_eq!(why("m,2026-01-01,0,,1,-1,1,1,1,1"), "`-1` is no price");
        assert_eq!(why("m,2026-01-01,0,,1"), "`` is no price");
        assert_eq!(why(",2026-01-01,0,,1,1,1,1,1,1"), "the row names no model");
    }
}
