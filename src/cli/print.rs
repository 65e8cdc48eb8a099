//! How things look on a terminal: tables, numbers, times.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use datalake_core::config::homeless;
use datalake_core::{Error, Result, Timestamp, Zone};
use datalake_store::{Cell, Table};
use serde::Serialize;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

/// Cells longer than this are cut in tables; `--json` has them whole.
const WIDEST: usize = 60;

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A place of a source as people know it.
pub(super) fn place(path: &Path) -> String {
    homeless(path).unwrap_or(path).display().to_string()
}

/// That a place of a source is not there.
pub(super) fn absent(path: &Path) -> String {
    let why = match homeless(path) {
        Some(_) => ": HOME is not set",
        None => "",
    };
    format!("{} does not exist{why}", place(path))
}

/// A table for people: a heading, then rows, in columns.
#[derive(Debug, Default)]
pub(super) struct Grid {
    heading: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// A table with these columns; a name that starts with `>` stands to the right.
    pub(super) fn new(heading: &[&str]) -> Self {
        let heading = heading.iter().map(|name| match name.strip_prefix('>') {
            Some(name) => (name.to_owned(), Align::Right),
            None => ((*name).to_owned(), Align::Left),
        });
        Self {
            heading: heading.collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows
            .push(cells.into_iter().map(|cell| shorten(&cell)).collect());
    }

    /// Prints it.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let widths: Vec<usize> = self
            .heading
            .iter()
            .enumerate()
            .map(|(place, (name, _))| {
                let cells = self
                    .rows
                    .iter()
                    .filter_map(|row| row.get(place))
                    .map(|cell| cell.width());
                cells.chain([name.width()]).max().unwrap_or(0)
            })
            .collect();
        let names: Vec<String> = self.heading.iter().map(|(name, _)| name.clone()).collect();
        for row in std::iter::once(&names).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, width), (_, align)) in row.iter().zip(&widths).zip(&self.heading) {
                let space = " ".repeat(width.saturating_sub(cell.width()));
                match align {
                    Align::Left => line.push_str(&format!("{cell}{space}  ")),
                    Align::Right => line.push_str(&format!("{space}{cell}  ")),
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// One line without control characters, at most [`WIDEST`] wide: what is stored may try to write to the
/// terminal.
pub(super) fn shorten(text: &str) -> String {
    let plain = line(text);
    if plain.width() <= WIDEST {
        return plain;
    }
    let mut cut = String::new();
    for letter in plain.chars() {
        if cut.width() + 1 >= WIDEST {
            break;
        }
        cut.push(letter);
    }
    cut.push('…');
    cut
}

/// One line of text without control characters.
pub(super) fn line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Text without the control characters that would change the terminal; line breaks and tabs stay.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && !matches!(c, '\n' | '\t') {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Prints to stdout. A reader that has gone away ends the program without a word, as it does for others.
pub(super) fn stdout(print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match print(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::io("stdout", error)),
    }
}

/// Prints one JSON document.
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Error::bug(error.to_string()))?;
    stdout(|out| writeln!(out, "{text}"))
}

/// `1234567` as `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in bytes for people.
pub(super) fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if size < 1024 {
        return format!("{size} B");
    }
    let mut value = size as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A duration for people.
pub(super) fn duration(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A stored instant in the zone of the store, to the second.
pub(super) fn local(text: &str, zone: &Zone) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => time.in_zone(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// A cell as text.
pub(super) fn cell(value: &Cell) -> String {
    match value {
        Cell::Null => String::new(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) | Cell::Bytes(text) => text.clone(),
    }
}

/// The numbers in the first column of an answer.
pub(super) fn integers(table: &Table) -> Vec<i64> {
    let first = table.rows.iter().map(|row| row.first());
    first
        .filter_map(|cell| match cell {
            Some(Cell::Integer(number)) => Some(*number),
            _ => None,
        })
        .collect()
}

/// A row as a JSON object.
pub(super) fn object(columns: &[String], row: &[Cell]) -> serde_json::Value {
    let pairs = columns.iter().zip(row);
    serde_json::Value::Object(
        pairs
            .map(|(name, cell)| (name.clone(), json!(cell)))
            .collect(),
    )
}

/// A row as the text of a JSON object with the columns of a statement in their order. A name that comes again
/// gets a number, so that no value hides another.
pub(super) fn ordered(columns: &[String], row: &[Cell]) -> Result<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{column}_{number}");
            number += 1;
        }
        names.push(name);
    }
    let failed = |error: serde_json::Error| Error::bug(error.to_string());
    let mut pairs = Vec::with_capacity(names.len());
    for (name, cell) in names.iter().zip(row) {
        let name = serde_json::to_string(name).map_err(failed)?;
        let cell = serde_json::to_string(cell).map_err(failed)?;
        pairs.push(format!("{name}:{cell}"));
    }
    Ok(format!("{{{}}}", pairs.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(
            [count(0), count(999), count(1_000), count(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [bytes(0), bytes(1023), bytes(1024), bytes(188_743_680)],
            ["0 B", "1023 B", "1.0 KiB", "180.0 MiB"]
        );
        assert_eq!(bytes(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(duration(Duration::from_millis(3_661_000)), "1 h 01 min");
    }

    #[test]
    fn stored_text_cannot_write_to_the_terminal() {
        assert_eq!(shorten("a\u{1b}[31mb\n"), "a [31mb ");
        assert_eq!(harmless("a\u{1b}]0;x\u{7}\n"), "a\u{fffd}]0;x\u{fffd}\n");
    }

    #[test]
    fn no_column_hides_another() {
        let columns = ["b", "a", "b", "b"].map(String::from);
        let row = [1, 2, 3, 4].map(Cell::Integer);
        assert_eq!(
            ordered(&columns, &row).unwrap(),
            r#"{"b":1,"a":2,"b_2":3,"b_3":4}"#
        );
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let mut grid = Grid::new(&["name", ">n"]);
        grid.row(vec![String::from("日本"), String::from("1")]);
        grid.row(vec![String::from("ab"), String::from("10")]);
        let mut out = Vec::new();
        grid.print(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "name   n\n日本   1\nab    10\n"
        );
    }
}
