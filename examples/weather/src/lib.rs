//! A plugin that somebody else might have written: the log of a weather station, comma-separated, one
//! observation a line.

use datalake_core::{
    Column, Context, Dataset, Files, Line, LineEmit, LineSource, Paths, Record, Reject, Result,
    Timestamp, config, line_source, register_source,
};
use serde::Serialize;

const SUMMARY: &str = "Observations of weather stations";

/// One row for each station and instant. A station that corrects itself writes the line again; since lines have
/// no version, the store then takes one of the two, always the same, and keeps the other's remark.
pub static WEATHER: Dataset = Dataset::rows("weather", SUMMARY)
    .columns(&[
        Column::text("station"),
        Column::time("at"),
        Column::real("temperature"),
        Column::integer("humidity"),
        Column::text("remark"),
    ])
    .key(&["station", "at"])
    .time("at")
    .title("remark")
    .text(&["remark"]);

#[derive(Serialize)]
struct Observation<'a> {
    station: &'a str,
    at: Timestamp,
    temperature: Option<f64>,
    humidity: Option<i64>,
    remark: &'a str,
}

config! {
    /// Logs of a weather station.
    struct Weather {
        /// Folders with `*.csv` files, files, or a list of both.
        path: Paths = ["~/weather"],
        /// The station's name: part of the key, so that two stations do not mix.
        station: String = "home",
    }
}

impl LineSource for Weather {
    fn files(&self) -> Files {
        Files::append_only(self.path.0.clone()).named(["*.csv"])
    }

    fn line(&self, cx: &Context, _line: &Line<'_>, out: &mut LineEmit<'_>) -> Result<()> {
        let Some(text) = out.text() else {
            return Ok(());
        };
        if text.starts_with("time,") {
            return Ok(()); // The heading.
        }
        match self.observation(cx, text) {
            Ok(observation) => out.push(Record::new(&WEATHER, &observation))?,
            Err(why) => out.reject(why),
        }
        Ok(())
    }
}

impl Weather {
    fn observation<'a>(&'a self, cx: &Context, text: &'a str) -> Result<Observation<'a>, Reject> {
        let fields: Vec<&str> = text.splitn(4, ',').map(str::trim).collect();
        let &[time, temperature, humidity, remark] = fields.as_slice() else {
            return Err(Reject::new("too-few-fields", "it has not four fields"));
        };
        let at = cx.zone.parse(time);
        Ok(Observation {
            station: &self.station,
            at: at.ok_or_else(|| Reject::new("bad-time", format!("`{time}` is no time")))?,
            temperature: number(temperature)?,
            humidity: number(humidity)?,
            remark,
        })
    }
}

/// A number, or nothing where the sensor said nothing.
fn number<T: std::str::FromStr>(text: &str) -> Result<Option<T>, Reject> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |_| Reject::new("bad-number", format!("`{text}` is no number"));
    text.parse().map(Some).map_err(bad)
}

register_source! {
    name: "weather",
    summary: SUMMARY,
    stability: Experimental,
    cursor_version: 1,
    config: Weather,
    datasets: [&WEATHER],
    schema: include_str!("../schema.sql"),
    fixtures: ["january.csv", "odd.csv"],
    golden: "tests/golden.txt",
    build: |section| Some(line_source(Weather::from_section(section)?)),
}
