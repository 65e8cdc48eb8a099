//! The stock binary: the library with the stock plugins.

use datalake_plugins as _;

fn main() -> std::process::ExitCode {
    datalake::main()
}
