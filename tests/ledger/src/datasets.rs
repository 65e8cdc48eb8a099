//! The meaning of the ledger's tables. Between them they use every merge rule there is.

use datalake_core::{Column, Dataset, Derive, Merge, Owner};

/// Books hold accounts; their totals are computed from the accounts' totals.
pub static BOOKS: Dataset = Dataset::rows("ledger_books", "Books of accounts")
    .columns(&[
        Column::text("name"),
        Column::text("title"),
        Column::time("opened_at").merge(Merge::Least),
        Column::integer("entries").merge(Merge::Derived),
        Column::integer("total").merge(Merge::Derived),
    ])
    .key(&["name"])
    .time("opened_at")
    .title("title")
    .text(&["title", "tags"])
    .tags()
    .derive(Derive {
        view: "derive_ledger_books",
        columns: &["entries", "total"],
    });

/// Accounts hold entries and belong to a book.
pub static ACCOUNTS: Dataset = Dataset::rows("ledger_accounts", "Accounts of entries")
    .columns(&[
        Column::text("code"),
        Column::text("title"),
        Column::text("summary"),
        Column::time("opened_at").merge(Merge::Least),
        Column::integer("book_id").merge(Merge::Link),
        Column::integer("entries").merge(Merge::Derived),
        Column::integer("total").merge(Merge::Derived),
        Column::text("labels").merge(Merge::Derived),
        Column::integer("mates").merge(Merge::Derived),
    ])
    .key(&["code"])
    .time("opened_at")
    .title("title")
    .text(&["title", "summary", "labels", "tags"])
    .tags()
    .owners(&[Owner::new("ledger_books", "book_id")])
    .derive(Derive {
        view: "derive_ledger_accounts",
        columns: &["entries", "total", "labels", "mates"],
    });

/// Entries belong to an account and may have a peer and a file.
pub static ENTRIES: Dataset = Dataset::rows("ledger_entries", "Entries of a ledger")
    .columns(&[
        Column::text("entry"),
        Column::text("label"),
        Column::text("body"),
        Column::integer("amount"),
        Column::real("ratio"),
        Column::integer("serial"),
        Column::time("made_at").merge(Merge::Time),
        Column::text("time_source").merge(Merge::Time),
        Column::integer("offset_seconds").merge(Merge::Time),
        Column::integer("low").merge(Merge::Least),
        Column::integer("high").merge(Merge::Greatest),
        Column::text("first_body").merge(Merge::First),
        Column::text("flags").merge(Merge::Union),
        Column::text("note").merge(Merge::User),
        Column::integer("account_id").merge(Merge::Link),
        Column::integer("peer_id").merge(Merge::Link),
        Column::text("account_found").merge(Merge::LinkedBy("account_id")),
        Column::dictionary("place"),
    ])
    .key(&["entry"])
    .time("made_at")
    .title("label")
    .text(&["label", "body", "note", "tags"])
    .file("file_path")
    .tags()
    .owners(&[
        Owner::new("ledger_accounts", "account_id"),
        Owner::found_by("ledger_accounts", "ledger_entry_mates"),
    ]);

/// What `relate` finds.
pub static PAIRS: Dataset = Dataset::rows("ledger_pairs", "Pairs of units of one size")
    .columns(&[
        Column::text("one"),
        Column::text("other"),
        Column::time("found_at"),
    ])
    .key(&["one", "other"])
    .time("found_at");

/// Samples.
pub static SAMPLES: Dataset = Dataset::series(
    "ledger_samples",
    "ledger_sample_rows",
    "Samples of a ledger",
)
.columns(&[
    Column::time("time"),
    Column::dictionary("device"),
    Column::dictionary("name"),
    Column::milli("value"),
    Column::integer("count"),
    Column::text("extra"),
])
.key(&["time", "device", "name", "value", "count", "extra"])
.time("time")
.device("device");
