//! The test plugin against the rules that every plugin keeps: it uses what no stock plugin uses yet.

use datalake_ledger as _;

datalake_testkit::conformance!("ledger");
