//! Cron schedules against an oracle that knows no rules about clock changes: it watches the clock on the wall,
//! minute by minute, and looks up each time that the clock has passed.

use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// How far the oracle looks.
const WINDOW: u64 = 4 * 24 * 60;

/// A field as text, and as what it holds.
#[derive(Debug, Clone)]
struct Field {
    text: String,
    holds: Vec<i8>,
}

fn list(least: i8, greatest: i8) -> impl Strategy<Value = Field> {
    vec(least..=greatest, 1..4).prop_map(|holds| Field {
        text: holds
            .iter()
            .map(i8::to_string)
            .collect::<Vec<_>>()
            .join(","),
        holds,
    })
}

fn field(least: i8, greatest: i8) -> impl Strategy<Value = Field> {
    let all = move || Field {
        text: "*".into(),
        holds: (least..=greatest).collect(),
    };
    let list = list(least, greatest);
    let range = (least..=greatest, least..=greatest, 1..20_i8).prop_map(|(a, b, step)| Field {
        text: format!("{}-{}/{step}", a.min(b), a.max(b)),
        holds: (a.min(b)..=a.max(b))
            .step_by(step.unsigned_abs().into())
            .collect(),
    });
    let step = (1..20_i8).prop_map(move |step| Field {
        text: format!("*/{step}"),
        holds: (least..=greatest)
            .step_by(step.unsigned_abs().into())
            .collect(),
    });
    prop_oneof![2 => Just(()).prop_map(move |()| all()), 2 => list, 1 => range, 1 => step]
}

fn fields() -> impl Strategy<Value = [Field; 5]> {
    [
        field(0, 59).boxed(),
        // Where clocks are changed.
        prop_oneof![field(0, 23), list(0, 4)].boxed(),
        field(1, 31).boxed(),
        field(1, 12).boxed(),
        field(0, 6).boxed(),
    ]
}

/// Whether the fields name this minute.
fn names(fields: &[Field; 5], wall: DateTime) -> bool {
    let [minute, hour, day, month, weekday] = fields;
    let on_day = day.holds.contains(&wall.day());
    let on_weekday = weekday
        .holds
        .contains(&wall.weekday().to_sunday_zero_offset());
    let starred = day.text.starts_with('*') || weekday.text.starts_with('*');
    minute.holds.contains(&wall.minute())
        && hour.holds.contains(&wall.hour())
        && month.holds.contains(&wall.month())
        && if starred {
            on_day && on_weekday
        } else {
            on_day || on_weekday
        }
}

/// The first instant after `start` at which the clock reaches or passes a minute that the fields name and that
/// it has not shown before.
fn oracle(fields: &[Field; 5], zone: &Zone, start: Timestamp) -> Option<Timestamp> {
    let minute = |number: u64| {
        let whole = Timestamp::from_seconds(start.as_seconds().div_euclid(60) * 60).unwrap();
        whole.checked_add(minutes(number)).unwrap()
    };
    // What the clock has shown already, also before it was last set back.
    let before = start.checked_sub(hours(48)).unwrap().in_zone(zone);
    let mut shown = (0..48 * 60).fold(before, |shown, back| {
        shown.max(minute(0).checked_sub(minutes(back)).unwrap().in_zone(zone))
    });
    (1..=WINDOW).map(minute).find(|instant| {
        let wall = instant.in_zone(zone);
        let mut due = false;
        while shown < wall {
            shown = shown.checked_add(1.minute()).unwrap();
            due |= names(fields, shown);
        }
        due
    })
}

/// From 1990 to 2040.
const YEARS: std::ops::Range<i64> = 631_152_000..2_208_988_800;

/// An instant: half of them in the two days before a clock change.
fn start(zone_name: &'static str) -> impl Strategy<Value = Timestamp> {
    let zone = TimeZone::get(zone_name).unwrap();
    let from = jiff::Timestamp::from_second(YEARS.start).unwrap();
    let changes = zone
        .following(from)
        .map(|change| change.timestamp().as_second());
    let mut changes: Vec<i64> = changes.take_while(|at| YEARS.contains(at)).collect();
    // Where clocks are never changed.
    changes.push(YEARS.end);
    let near = (prop::sample::select(changes), 0..172_800_i64).prop_map(|(at, before)| at - before);
    prop_oneof![YEARS, near].prop_map(|at| Timestamp::from_seconds(at).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn next_after_agrees_with_a_clock_that_is_watched(
        (zone_name, start) in prop::sample::select(&ZONES).prop_flat_map(|name| (Just(name), start(name))),
        fields in fields(),
    ) {
        let text = fields.each_ref().map(|field| field.text.as_str()).join(" ");
        // One that never comes has a test of its own.
        let Ok(schedule) = Schedule::parse(&text) else {
            return Ok(());
        };
        let zone = zone(zone_name);
        let found = schedule.next_after(start, &zone);
        let end = start.checked_add(minutes(WINDOW - 1)).unwrap();
        match oracle(&fields, &zone, start) {
            Some(expected) => prop_assert_eq!(found, Some(expected), "{} in {} from {}", text, zone_name, start),
            None => prop_assert!(found.is_none_or(|found| found > end), "{} in {} from {}: {:?}", text, zone_name, start, found),
        }
    }
}

/// The two ends of what the oracle watches would hide a mistake of both: these are known.
#[test]
fn the_oracle_knows_clock_changes() {
    let field = |text: &str, holds: &[i8]| Field {
        text: text.into(),
        holds: holds.to_vec(),
    };
    let days: Vec<i8> = (0..=31).collect();
    let any = || field("*", &days);
    let fields = [field("30", &[30]), field("2", &[2]), any(), any(), any()];
    let berlin = zone("Europe/Berlin");
    assert_eq!(
        oracle(&fields, &berlin, at("2026-03-29T00:10:00")),
        Some(at("2026-03-29T01:00:00"))
    );
    assert_eq!(
        oracle(&fields, &berlin, at("2026-10-25T01:10:00")),
        Some(at("2026-10-26T01:30:00"))
    );
}
