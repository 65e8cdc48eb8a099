//! What a benchmark found, as a table for people or as JSON for programs.

use std::fmt::Write as _;

use serde::Serialize;

/// The figures of one benchmark.
#[derive(Serialize)]
pub(crate) struct Report {
    benchmark: &'static str,
    /// What was measured, in words.
    about: String,
    /// The load averages when it began: under load, figures mean less.
    load: String,
    figures: Vec<Figure>,
}

/// One line of the table.
#[derive(Serialize)]
pub(crate) struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bar: Option<Bar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
}

/// What a figure has to be.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Bar {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
}

impl Figure {
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            value,
            unit,
            bar: None,
            ok: None,
        }
    }

    /// Passed when the value is not above the bar; a value that is no number misses it.
    pub(crate) fn at_most(mut self, bar: f64) -> Self {
        self.bar = Some(Bar::AtMost(bar));
        self.ok = Some(self.value <= bar);
        self
    }

    /// Passed when the value is not below the bar.
    pub(crate) fn at_least(mut self, bar: f64) -> Self {
        self.bar = Some(Bar::AtLeast(bar));
        self.ok = Some(self.value >= bar);
        self
    }

    pub(crate) fn exactly(mut self, bar: f64) -> Self {
        self.bar = Some(Bar::Exactly(bar));
        self.ok = Some(self.value == bar);
        self
    }

    fn cells(&self) -> [String; 5] {
        let bar = match self.bar {
            None => String::new(),
            Some(Bar::AtMost(bar)) => format!("<= {}", number(bar)),
            Some(Bar::AtLeast(bar)) => format!(">= {}", number(bar)),
            Some(Bar::Exactly(bar)) => format!("= {}", number(bar)),
        };
        let verdict = match self.ok {
            None => "",
            Some(true) => "ok",
            Some(false) => "MISSED",
        };
        let [unit, verdict] = [self.unit, verdict].map(str::to_owned);
        [self.what.clone(), number(self.value), unit, bar, verdict]
    }
}

/// Whole numbers whole, others with as many decimals as mean something.
fn number(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => format!("{value}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

impl Report {
    /// A report whose load averages are those of now: make it before measuring.
    pub(crate) fn begin(benchmark: &'static str, about: String) -> Self {
        Self {
            benchmark,
            about,
            load: crate::measure::load(),
            figures: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    pub(crate) fn table(&self) -> String {
        let rows: Vec<_> = self.figures.iter().map(Figure::cells).collect();
        let mut widths = [4, 6, 0, 3];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = format!("{}: {}; load {}\n", self.benchmark, self.about, self.load);
        let heads = ["what", "figure", "", "bar", ""].map(str::to_owned);
        for [what, figure, unit, bar, verdict] in std::iter::once(&heads).chain(&rows) {
            let [first, second, third, fourth] = widths;
            let numbers = format!("{figure:>second$} {unit:third$}");
            let line = format!("  {what:first$}  {numbers}  {bar:>fourth$}  {verdict}");
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_what_was_missed() {
        let mut report = Report::begin("memory", "100 lines".to_owned());
        report.load = "0.1 0.2 0.3".to_owned();
        report.add(Figure::new("CPU, program", 1.25, "s"));
        report.add(Figure::new("program / floor", 1.5, "x").at_most(1.35));
        report.add(Figure::new("samples", 100.0, "").exactly(100.0));
        let expected = "\
memory: 100 lines; load 0.1 0.2 0.3
  what             figure        bar
  CPU, program       1.25 s
  program / floor    1.50 x  <= 1.35  MISSED
  samples             100      = 100  ok
";
        assert_eq!(report.table(), expected);
    }

    #[test]
    fn no_number_misses_its_bar() {
        let missed = Figure::new("CPU", f64::NAN, "s").at_most(1.0);
        assert_eq!(missed.cells()[4], "MISSED");
    }
}
