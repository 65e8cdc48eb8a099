//! The stock program with this plugin.

// The stock plugins.
use datalake_plugins as _;

// Its own.
use datalake_weather as _;

fn main() -> std::process::ExitCode {
    datalake::main()
}
