//! The stock program with the ledger plugin: what somebody builds who brings a plugin of their own.

use datalake_ledger as _;
use datalake_plugins as _;

fn main() -> std::process::ExitCode {
    datalake::main()
}
