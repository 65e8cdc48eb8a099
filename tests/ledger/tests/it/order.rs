//! Any order, any split into batches, any repetition, any source name: the same store.

use datalake_core::{TimeSource, Timestamp};
use datalake_ledger::Op;
use datalake_ledger::ops::{Account, Book, Common, Entry, File, Sample, Shown};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

use crate::support::Home;

const WORDS: [&str; 6] = ["red", "green", "red green", "alpha beta", "", "gamma"];
const NAMES: [&str; 5] = ["n0", "n1", "n2", "n3", "nick:n0"];

fn word() -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.8, select(&WORDS[..]).prop_map(String::from))
}

fn names(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(select(&NAMES[..]).prop_map(String::from), 0..=most)
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::weighted(
        0.8,
        (0..4_i64).prop_map(|n| Timestamp::from_seconds(n).unwrap()),
    )
}

fn common() -> impl Strategy<Value = Common> {
    let tags = prop::collection::vec(select(&["x", "y", "z"][..]).prop_map(String::from), 0..=2);
    let scope = prop::option::weighted(
        0.5,
        (select(&["s0", "s1"][..]).prop_map(String::from), 0..4_u64),
    );
    (prop::option::of(0..3_u64), names(2), tags, scope).prop_map(
        |(version, aliases, tags, scope)| Common {
            version,
            aliases,
            tags,
            scope,
        },
    )
}

fn book() -> impl Strategy<Value = Op> {
    (0..2, word(), time(), common()).prop_map(|(name, title, opened_at, common)| {
        Op::Book(Book {
            name: format!("b{name}"),
            title,
            opened_at,
            common,
        })
    })
}

fn account() -> impl Strategy<Value = Op> {
    (0..3, word(), word(), time(), names(2), common()).prop_map(
        |(code, title, summary, opened_at, books, common)| {
            Op::Account(Account {
                code: format!("a{code}"),
                title,
                summary,
                opened_at,
                books,
                common,
            })
        },
    )
}

fn file() -> impl Strategy<Value = Option<File>> {
    let texts = select(&["one", "two", "three"][..]).prop_map(|text| Some(text.to_owned()));
    let preview = (prop::bool::ANY, 0..3_u32, select(&["x", "y"][..]));
    let shown = prop::collection::vec(preview, 0..3);
    let names = select(&["f.txt", "g.txt"][..]);
    let file = (names, texts, shown).prop_map(|(name, text, shown)| File {
        name: name.to_owned(),
        text,
        shown: shown.into_iter().map(shown_as).collect(),
        ..File::default()
    });
    prop::option::weighted(0.3, file)
}

fn shown_as((other, version, text): (bool, u32, &str)) -> Shown {
    Shown {
        other,
        version,
        text: text.to_owned(),
    }
}

fn time_source() -> impl Strategy<Value = Option<TimeSource>> {
    use TimeSource::{Embedded, Mtime, Name};
    prop::option::weighted(0.8, select(&[Mtime, Name, Embedded][..]))
}

fn entry() -> impl Strategy<Value = Op> {
    let texts = (word(), word(), word());
    let amounts = prop::option::weighted(0.9, select(&[1, 2, 3, 13][..]));
    let ratio = prop::option::of(select(&[0.5, -0.0, 0.0, f64::NAN, 1e300][..]));
    let times = (time(), time_source(), prop::option::of(0..2_i64));
    let bounds = (prop::option::of(-2..2_i64), prop::option::of(-2..2_i64));
    let flags = prop::option::of(prop::collection::vec(
        select(&["p", "q", "r"][..]).prop_map(String::from),
        0..3,
    ));
    let places = select(&["shed", "cellar"][..]).prop_map(String::from);
    let rest = (
        names(2),
        names(2),
        file(),
        common(),
        prop::option::of(places),
    );
    (0..3, texts, (amounts, ratio), times, bounds, flags, rest).prop_map(
        |(key, (label, body, first_body), (amount, ratio), times, bounds, flags, rest)| {
            Op::Entry(Box::new(Entry {
                entry: Some(format!("e{key}")),
                label,
                body,
                amount,
                ratio,
                serial: None,
                made_at: times.0,
                time_source: times.1,
                offset_seconds: times.2,
                low: bounds.0,
                high: bounds.1,
                first_body,
                flags,
                accounts: rest.0,
                peers: rest.1,
                place: rest.4,
                file: rest.2,
                previews: Vec::new(),
                common: rest.3,
            }))
        },
    )
}

fn sample() -> impl Strategy<Value = Op> {
    let values = prop::option::of(select(&[0.5, 1.0, 1.000_1, 1e13, -0.0][..]));
    let words = select(&["red", "green"][..]).prop_map(String::from);
    (time(), prop::option::of(words), values, -1..2_i64).prop_map(|(time, name, value, count)| {
        Op::Sample(Sample {
            time: time.unwrap_or_default(),
            device: None,
            name,
            value,
            count: Some(count),
            extra: None,
        })
    })
}

pub(crate) fn any() -> impl Strategy<Value = Op> {
    prop_oneof![2 => book(), 3 => account(), 6 => entry(), 1 => sample()]
}

/// A set of records, and another way to bring them: shuffled, some twice, with commits between.
fn two_ways() -> impl Strategy<Value = (Vec<Op>, Vec<Op>)> {
    prop::collection::vec(any(), 1..14).prop_flat_map(|records| {
        let some = prop::collection::vec(any_of(&records), 0..6);
        let commits = 0..6_usize;
        (some, commits).prop_flat_map(move |(again, commits)| {
            let mut other = records.clone();
            other.extend(again);
            other.extend(std::iter::repeat_n(Op::Commit, commits));
            (Just(records.clone()), Just(other).prop_shuffle())
        })
    })
}

fn any_of(records: &[Op]) -> impl Strategy<Value = Op> + use<> {
    select(records.to_vec())
}

fn same_either_way(one: &[Op], other: &[Op]) -> Result<(), TestCaseError> {
    let (here, there) = (Home::new(), Home::new());
    let scopes = [Op::Complete {
        scope: String::from("s0"),
        version: 2,
    }];
    {
        let lake = here.open();
        lake.feed(one);
        lake.feed_as("one", "scopes", &scopes);
    }
    {
        let lake = there.open();
        lake.feed_as("other", "scopes", &scopes);
        let (first, second) = other.split_at(other.len() / 2);
        lake.feed_as("other", "v", first);
        drop(lake);
        let lake = there.open();
        lake.feed_as("third", "w", second);
    }
    here.check();
    there.check();
    let before = here.digest();
    prop_assert_eq!(&before, &there.digest());
    // All of it once more: nothing changes, and nothing says it did.
    let lake = here.open();
    let receipt = lake.feed(one);
    prop_assert_eq!((receipt.inserted, receipt.changed), (0, 0), "{:?}", receipt);
    prop_assert_eq!(before, here.digest());
    here.check();
    Ok(())
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 96,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn order_batches_repetition_and_source_change_nothing((one, other) in two_ways()) {
        same_either_way(&one, &other)?;
    }
}
