//! The built binary from outside: every command, for people and as JSON, with its exit status and everything
//! it writes; what it does with odd configurations, odd databases and odd input.
//!
//! Most tests compare whole outputs with a snapshot. After a change that is meant,
//! `INSTA_UPDATE=always cargo test -p datalake --test cli` writes them anew; read the difference before it
//! is committed. With CI set nothing is written and a difference fails.

#[path = "../support/mod.rs"]
mod support;

/// Compares what the program says to these lines, one after another, with the snapshot of the test.
macro_rules! snap {
    ($cx:expr; $($line:expr),+ $(,)?) => {
        insta::assert_snapshot!($cx.transcript(&[$($line),+]))
    };
}

mod bad_files;
mod bad_lines;
mod claude;
mod cursor;
mod databases;
mod discard;
mod export;
mod forget;
mod help;
mod ingest;
mod inspect;
mod menu;
mod new;
mod pipes;
mod plugins;
mod preview;
mod query;
mod replay;
mod run;
mod samples;
mod setup;
mod usage;
mod voice_typing;
