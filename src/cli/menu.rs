//! The menu of `datalake query` on a terminal: the questions people ask most, and SQL of their own.

use std::io::{BufRead, Write};
use std::time::Duration;

use datalake_core::{Error, Result};
use datalake_store::{Cell, Reader};

use super::query::table;

const MENU: &str = "
  1  recent audio            4  search transcripts
  2  recent transcripts      5  audio by tag
  3  recent screenshots      6  statistics
  7  SQL                     0  leave
";

const AUDIO: &str = "SELECT id, filename, duration_seconds, format, tags, created_at FROM audio
                     ORDER BY created_at DESC, id DESC LIMIT 10";
const TRANSCRIPTS: &str =
    "SELECT id, filename, word_count, language, tags, created_at FROM transcripts
                           ORDER BY created_at DESC, id DESC LIMIT 10";
const SCREENSHOTS: &str =
    "SELECT id, filename, width || 'x' || height AS size, format, tags, created_at
                           FROM screenshots ORDER BY created_at DESC, id DESC LIMIT 10";
const SEARCH: &str = "SELECT t.id, t.filename, snippet(transcripts_fts, 0, '>>>', '<<<', '...', 20) AS snippet,
                      t.created_at FROM transcripts_fts JOIN transcripts AS t ON t.id = transcripts_fts.rowid
                      WHERE transcripts_fts MATCH ?1 ORDER BY rank LIMIT 20";
const BY_TAG: &str = "SELECT id, filename, duration_seconds, format, tags, created_at FROM audio
                      WHERE instr(',' || tags || ',', ',' || ?1 || ',') > 0 ORDER BY created_at DESC LIMIT 50";
const STATISTICS: &str =
    "SELECT 'audio' AS what, count(*) AS rows, round(sum(duration_seconds) / 60, 2) AS minutes
                          FROM audio UNION ALL SELECT 'transcripts', count(*), NULL FROM transcripts
                          UNION ALL SELECT 'screenshots', count(*), NULL FROM screenshots
                          UNION ALL SELECT 'memory samples', count(*), NULL FROM memory_samples
                          UNION ALL SELECT 'memory events', count(*), NULL FROM memory_events";

/// Shows the menu until the person leaves or the input ends. A failed question does not end it.
pub(super) fn run(reader: &Reader, deadline: Duration) -> Result<()> {
    loop {
        say(MENU)?;
        let Some(choice) = ask("choose: ")? else {
            return Ok(());
        };
        let answered = match choice.as_str() {
            "1" => table(reader, AUDIO, &[], deadline),
            "2" => table(reader, TRANSCRIPTS, &[], deadline),
            "3" => table(reader, SCREENSHOTS, &[], deadline),
            "4" => asked(reader, SEARCH, "words: ", literal, deadline),
            "5" => asked(reader, BY_TAG, "tag: ", str::to_owned, deadline),
            "6" => table(reader, STATISTICS, &[], deadline),
            "7" => sql(reader, deadline),
            "0" | "q" | "quit" | "exit" => return Ok(()),
            "" => Ok(()),
            other => say(&format!(
                "there is no {other}; choose a number of the menu\n"
            )),
        };
        if let Err(error) = answered {
            let hint = error
                .hint_text()
                .map(|hint| format!("hint: {hint}\n"))
                .unwrap_or_default();
            say(&format!("error: {error}\n{hint}"))?;
        }
    }
}

fn asked(
    reader: &Reader,
    statement: &str,
    question: &str,
    prepare: fn(&str) -> String,
    deadline: Duration,
) -> Result<()> {
    match ask(question)?.filter(|answer| !answer.is_empty()) {
        Some(answer) => table(reader, statement, &[Cell::Text(prepare(&answer))], deadline),
        None => Ok(()),
    }
}

fn sql(reader: &Reader, deadline: Duration) -> Result<()> {
    match ask("sql> ")?.filter(|answer| !answer.is_empty()) {
        Some(statement) => table(reader, &statement, &[], deadline),
        None => Ok(()),
    }
}

/// Each word in quotes, so that `don't`, `c++` and `foo-bar` are words and no operators.
fn literal(words: &str) -> String {
    let quoted = words
        .split_whitespace()
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" ")
}

fn ask(question: &str) -> Result<Option<String>> {
    say(question)?;
    let mut line = String::new();
    let read = std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Error::io("stdin", error))?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::io("stdout", error))
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn words_are_never_operators() {
        assert_eq!(
            literal("don't c++ AND a\"b"),
            r#""don't" "c++" "AND" "a""b""#
        );
    }
}
