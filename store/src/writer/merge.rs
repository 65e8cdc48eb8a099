//! How two states of a row become one. Every rule commutes and is idempotent: whatever the order in which
//! states arrive, and however often, the row ends up the same.

use std::cmp::Ordering;

use datalake_core::{Kind, Merge, TimeSource, Value, ValueRef};

use super::rows::hex;
use crate::catalog::Plan;

/// A state of a row: what the table has, or what a record brings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    /// The values of [`Plan::written`].
    pub(crate) values: Vec<Value>,
    /// The version, as text.
    pub(crate) version: String,
    /// The hash that decides between equal versions.
    pub(crate) hash: Vec<u8>,
    /// What the "first" columns come from: time and hash.
    pub(crate) first: Option<String>,
}

/// A text that lost against a newer version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) column: &'static str,
    pub(crate) version: String,
    pub(crate) text: String,
}

/// Merges `new` into `old`; returns the texts that the loser had otherwise, and whether `new` won.
pub(crate) fn merge(plan: &Plan, old: &mut State, new: &State) -> (Vec<Lost>, bool) {
    let wins = (&new.version, &new.hash) > (&old.version, &old.hash);
    let first = match (&new.first, &old.first) {
        (Some(new), Some(old)) => new < old,
        (Some(_), None) => true,
        _ => false,
    };
    let earlier = time_wins(plan, old, new);
    let mut lost = Vec::new();
    for (place, &column) in plan.written.iter().enumerate() {
        let declared = plan.dataset.columns[column];
        let (mine, other) = (&old.values[place], &new.values[place]);
        let replacement = match declared.merge {
            Merge::Version => {
                if mine != other
                    && declared.kind == Kind::Text
                    && plan.dataset.text.contains(&declared.name)
                {
                    let (text, version) = if wins {
                        (mine, &old.version)
                    } else {
                        (other, &new.version)
                    };
                    lost.extend(lost_text(declared.name, version, text));
                }
                wins.then(|| other.clone())
            }
            Merge::First => first.then(|| other.clone()),
            Merge::Time => earlier.then(|| other.clone()),
            Merge::Least => better(mine, other, Ordering::Less),
            Merge::Greatest => better(mine, other, Ordering::Greater),
            Merge::Union => union(mine, other),
            Merge::User | Merge::Link | Merge::LinkedBy(_) | Merge::Derived => None,
        };
        if let Some(value) = replacement {
            old.values[place] = value;
        }
    }
    if wins {
        old.version.clone_from(&new.version);
        old.hash.clone_from(&new.hash);
    }
    if first {
        old.first.clone_from(&new.first);
    }
    (lost, wins)
}

fn lost_text(column: &'static str, version: &str, text: &Value) -> Option<Lost> {
    match text {
        Value::Text(text) if !text.is_empty() => Some(Lost {
            column,
            version: version.to_owned(),
            text: text.clone(),
        }),
        _ => None,
    }
}

/// Whether the time of `new` is better found, or as well found and earlier. What else comes with the time
/// decides between equal ones, so that their order never does. No time is worse than any.
fn time_wins(plan: &Plan, old: &State, new: &State) -> bool {
    let columns = plan
        .written
        .iter()
        .map(|&column| &plan.dataset.columns[column]);
    let group = columns
        .enumerate()
        .filter(|(_, column)| column.merge == Merge::Time);
    let (mut time, mut source) = (None, None);
    for (place, column) in group.clone() {
        match column.name {
            name if name == plan.dataset.time => time = Some(place),
            "time_source" => source = Some(place),
            _ => {}
        }
    }
    let Some(time) = time else {
        return false;
    };
    let rank = |state: &State| match source.map(|place| &state.values[place]) {
        _ if state.values[time].is_null() => None,
        Some(Value::Text(name)) => Some(TimeSource::rank(name)),
        _ => Some(0),
    };
    let rest = || {
        group
            .map(|(place, _)| (&new.values[place], &old.values[place]))
            .map(|(new, old)| (new.is_null().cmp(&old.is_null())).then(compare(new, old)))
            .find(|order| order.is_ne())
    };
    let order = rank(old)
        .cmp(&rank(new))
        .then_with(|| compare(&new.values[time], &old.values[time]))
        .then_with(|| rest().unwrap_or(Ordering::Equal));
    order == Ordering::Less
}

/// The other value if it is better; NULL never is.
fn better(mine: &Value, other: &Value, wanted: Ordering) -> Option<Value> {
    if other.is_null() {
        return None;
    }
    (mine.is_null() || compare(other, mine) == wanted).then(|| other.clone())
}

/// SQLite's order: NULL, numbers, texts, blobs.
fn compare(one: &Value, two: &Value) -> Ordering {
    let class = |value: &Value| match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 1,
        Value::Text(_) => 2,
        Value::Blob(_) => 3,
    };
    match (one, two) {
        (Value::Integer(one), Value::Integer(two)) => one.cmp(two),
        (Value::Real(one), Value::Real(two)) => one.total_cmp(two),
        (Value::Integer(one), Value::Real(two)) => {
            (*one as f64).total_cmp(two).then(Ordering::Less)
        }
        (Value::Real(one), Value::Integer(two)) => {
            one.total_cmp(&(*two as f64)).then(Ordering::Greater)
        }
        (Value::Text(one), Value::Text(two)) => one.cmp(two),
        (Value::Blob(one), Value::Blob(two)) => one.cmp(two),
        _ => class(one).cmp(&class(two)),
    }
}

/// The sorted union of two sorted lists. No list is less than an empty one.
fn union(mine: &Value, other: &Value) -> Option<Value> {
    if other.is_null() {
        return None;
    }
    let mut all = members(mine.as_ref());
    all.extend(members(other.as_ref()));
    let joined = list(all);
    (joined != *mine).then_some(joined)
}

/// A list as the table keeps it, if it is another than it comes as.
pub(crate) fn sorted(value: ValueRef<'_>) -> Option<Value> {
    if matches!(value, ValueRef::Null | ValueRef::Entry(_)) {
        return None;
    }
    let sorted = list(members(value));
    (sorted.as_ref() != value).then_some(sorted)
}

fn list(mut members: Vec<String>) -> Value {
    members.sort();
    members.dedup();
    Value::Text(serde_json::Value::from(members).to_string())
}

/// The members of a JSON array of texts; anything else counts as an array of itself.
fn members(value: ValueRef<'_>) -> Vec<String> {
    match value {
        ValueRef::Text("") | ValueRef::Null | ValueRef::Entry(_) => Vec::new(),
        ValueRef::Text(text) => {
            serde_json::from_str(text).unwrap_or_else(|_| vec![text.to_owned()])
        }
        ValueRef::Integer(number) => vec![number.to_string()],
        ValueRef::Real(number) => vec![number.to_string()],
        ValueRef::Blob(bytes) => vec![hex(bytes)],
    }
}
