//! What models cost, by date. The prices that are known are part of the program (`prices.csv`, read on 2026-11-28 from
//! the pages that each row names); a file of the user's adds to them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use datalake_core::{Context, Date, Error, Record, Result, Timestamp, Version};
use serde::Serialize;

use crate::datasets::PRICES;

const KNOWN: &str = include_str!("prices.csv");
/// A longer file of prices is none.
const LONGEST: u64 = 1 << 20;
/// A row of the user's own counts before one that the program has.
const OWN: u64 = 1;

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

/// The prices that are known, and those of the user's own file.
pub(crate) fn records(cx: &Context, own: Option<&Path>) -> Result<Vec<Record>> {
    let record = |price: &Price<'_>| Record::new(&PRICES, price);
    let mut records = Vec::new();
    for line in rows(KNOWN) {
        let price = price(cx, line.1).map_err(Error::bug)?;
        records.push(record(&price));
    }
    let Some(path) = own else {
        return Ok(records);
    };
    let text = text(path).map_err(|error| error.at(path.display().to_string()))?;
    for (number, line) in rows(&text) {
        let price = price(cx, line).map_err(|why| {
            Error::permanent(why)
                .at(format!("{}:{number}", path.display()))
                .hint("a row is model,from_day,above_tokens,speed,input,output,cache_write_5m,cache_write_1h,cache_read,web_search")
        })?;
        records.push(record(&price).version(Version::number(OWN)));
    }
    Ok(records)
}

fn text(path: &Path) -> Result<String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| Error::permanent("the prices cannot be read").caused_by(error))?;
    Ok(text)
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
        let mut keys: Vec<_> = prices
            .iter()
            .map(|price| (price.model, price.speed, price.from_day, price.above_tokens))
            .collect();
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
