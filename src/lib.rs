//! datalake as a program: its configuration, its commands and what runs the sources. The binary is one line;
//! a program with plugins of its own is three (it names the stock plugins, its own, and calls [`main`]).

pub mod cli;
pub mod config;
mod logging;
pub mod scheduler;

use std::process::ExitCode;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    cli::main()
}
