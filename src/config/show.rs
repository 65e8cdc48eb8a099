//! The effective configuration as a table for people.

use std::fmt::Write as _;

use datalake_core::config::Row;

/// Rows as text: key, value and origin, in columns.
pub fn table(rows: &[Row]) -> String {
    let value = |row: &Row| row.value.clone().unwrap_or_else(|| "(none)".to_owned());
    let width = |of: &dyn Fn(&Row) -> String| {
        rows.iter()
            .map(|row| of(row).chars().count())
            .max()
            .unwrap_or(0)
    };
    let keys = width(&|row| row.key.clone());
    // One long list must not push the origins of all others off the screen.
    let values = width(&value).min(48);
    let mut text = String::new();
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:keys$}  {:values$}  {}",
            row.key,
            value(row),
            row.origin
        );
    }
    text
}
