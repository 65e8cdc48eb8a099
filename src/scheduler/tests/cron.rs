//! When cron schedules are due.

use super::*;

/// The times after `after`, as UTC to the minute.
#[track_caller]
fn next(cron: &str, zone_name: &str, after: &str, count: usize) -> Vec<String> {
    let (schedule, zone) = (schedule(cron), zone(zone_name));
    let times = std::iter::successors(Some(at(after)), |time| schedule.next_after(*time, &zone));
    let text = |time: Timestamp| {
        let text = time.to_string();
        assert_eq!(&text[16..], ":00.000000Z");
        text[..16].replace('T', " ")
    };
    times.skip(1).take(count).map(text).collect()
}

#[track_caller]
fn utc(cron: &str, after: &str, expected: &[&str]) {
    assert_eq!(next(cron, "UTC", after, expected.len()), expected, "{cron}");
}

#[test]
fn minutes_and_hours() {
    let now = "2026-01-10T06:30:00";
    utc("* * * * *", now, &["2026-01-10 06:31", "2026-01-10 06:32"]);
    utc(
        "* * * * *",
        "2026-12-31T23:59:59.999999",
        &["2027-01-01 00:00"],
    );
    // A time that is reached is not after itself, whatever the second.
    utc("30 6 * * *", now, &["2026-01-11 06:30"]);
    utc(
        "30 6 * * *",
        "2026-01-10T06:29:59.999999",
        &["2026-01-10 06:30"],
    );
    utc("30 6 * * *", "2026-01-10T06:30:59", &["2026-01-11 06:30"]);
    utc(
        "*/25 * * * *",
        now,
        &["2026-01-10 06:50", "2026-01-10 07:00"],
    );
    utc(
        "10-40/15 6 * * *",
        now,
        &["2026-01-10 06:40", "2026-01-11 06:10"],
    );
    utc(
        "5/20 * * * *",
        now,
        &["2026-01-10 06:45", "2026-01-10 07:05"],
    );
    utc(
        "59,0 23,0 * * *",
        now,
        &["2026-01-10 23:00", "2026-01-10 23:59", "2026-01-11 00:00"],
    );
    // A step past the end leaves the first.
    utc("*/90 * * * *", now, &["2026-01-10 07:00"]);
}

#[test]
fn month_ends_and_leap_days() {
    let now = "2026-01-10T00:00:00";
    utc(
        "0 0 31 * *",
        now,
        &["2026-01-31 00:00", "2026-03-31 00:00", "2026-05-31 00:00"],
    );
    utc("0 0 30 feb,apr *", now, &["2026-04-30 00:00"]);
    utc("0 0 29 2 *", now, &["2028-02-29 00:00", "2032-02-29 00:00"]);
    // 2100 is no leap year, 2000 was one.
    utc("0 0 29 2 *", "2097-01-01T00:00:00", &["2104-02-29 00:00"]);
    utc("0 0 29 2 *", "1996-03-01T00:00:00", &["2000-02-29 00:00"]);
    utc(
        "59 23 28-31 12 *",
        "2026-12-30T23:59:00",
        &["2026-12-31 23:59", "2027-12-28 23:59"],
    );
    utc(
        "0 0 1 */5 *",
        now,
        &["2026-06-01 00:00", "2026-11-01 00:00"],
    );
    // The longest wait there is: leap days that are a Sunday, over the turn of a century.
    utc("0 0 29 2 */7", "2088-03-01T00:00:00", &["2128-02-29 00:00"]);
}

#[test]
fn days_of_the_week() {
    // A Saturday.
    let now = "2026-01-10T12:00:00";
    for sunday in ["0", "7", "sun", "SUN", "7-7", "0-0", "sun-sun", "*/7"] {
        let cron = format!("0 0 * * {sunday}");
        utc(&cron, now, &["2026-01-11 00:00", "2026-01-18 00:00"]);
    }
    for weekend in ["6,7", "sat-sun", "6-7", "6-0", "6/1,0"] {
        let cron = format!("0 0 * * {weekend}");
        utc(
            &cron,
            now,
            &["2026-01-11 00:00", "2026-01-17 00:00", "2026-01-18 00:00"],
        );
    }
    for every in ["*", "0-7", "1-7", "mon-sun", "0-6", "*/1"] {
        let cron = format!("0 0 * * {every}");
        utc(&cron, now, &["2026-01-11 00:00", "2026-01-12 00:00"]);
    }
    utc(
        "0 9 * * mon-fri/2",
        now,
        &["2026-01-12 09:00", "2026-01-14 09:00", "2026-01-16 09:00"],
    );
}

/// As cron does: either day will do where both are restricted, both must fit where one begins with `*`.
#[test]
fn both_fields_for_days() {
    let now = "2026-01-10T12:00:00";
    utc(
        "0 0 13 * fri",
        now,
        &["2026-01-13 00:00", "2026-01-16 00:00", "2026-01-23 00:00"],
    );
    utc("0 0 30 2 1", now, &["2026-02-02 00:00", "2026-02-09 00:00"]);
    utc(
        "0 0 */2 * fri",
        now,
        &["2026-01-23 00:00", "2026-02-13 00:00"],
    );
    utc(
        "0 0 13 * */5",
        now,
        &["2026-02-13 00:00", "2026-03-13 00:00"],
    );
}

#[test]
fn short_names() {
    let now = "2026-05-16T12:30:00";
    utc("@hourly", now, &["2026-05-16 13:00", "2026-05-16 14:00"]);
    utc("@daily", now, &["2026-05-17 00:00", "2026-05-18 00:00"]);
    utc("@midnight", now, &["2026-05-17 00:00"]);
    utc("@weekly", now, &["2026-05-17 00:00", "2026-05-24 00:00"]);
    utc("@monthly", now, &["2026-06-01 00:00", "2026-07-01 00:00"]);
    utc("@yearly", now, &["2027-01-01 00:00", "2028-01-01 00:00"]);
    utc("@annually", now, &["2027-01-01 00:00"]);
}

#[test]
fn times_are_those_of_the_zone() {
    assert_eq!(
        next("0 3 * * *", "Asia/Kolkata", "2026-01-10T00:00:00", 1),
        ["2026-01-10 21:30"]
    );
    // The day of the week is that of the zone, too.
    assert_eq!(
        next("0 3 * * sun", "Asia/Kolkata", "2026-01-10T00:00:00", 1),
        ["2026-01-10 21:30"]
    );
}

/// 02:00 to 03:00 does not come on 29 March.
#[test]
fn skipped_times_are_due_at_the_change_once() {
    let berlin = |cron, count| next(cron, "Europe/Berlin", "2026-03-28T23:30:00", count);
    assert_eq!(
        berlin("30 2 * * *", 2),
        ["2026-03-29 01:00", "2026-03-30 00:30"]
    );
    assert_eq!(
        berlin("*/15 2 * * *", 2),
        ["2026-03-29 01:00", "2026-03-30 00:00"]
    );
    assert_eq!(
        berlin("0 2,3 * * *", 2),
        ["2026-03-29 01:00", "2026-03-30 00:00"]
    );
    assert_eq!(
        berlin("0 3 * * *", 2),
        ["2026-03-29 01:00", "2026-03-30 01:00"]
    );
    // Lord Howe Island changes by half an hour, at 02:00.
    assert_eq!(
        next(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2025-10-04T00:00:00",
            2
        ),
        ["2025-10-04 15:30", "2025-10-05 15:15"]
    );
    // Samoa had no 30 December 2011.
    assert_eq!(
        next("0 9,18 * * *", "Pacific/Apia", "2011-12-29T20:00:00", 3),
        ["2011-12-30 04:00", "2011-12-30 10:00", "2011-12-30 19:00"]
    );
}

/// 02:00 to 03:00 comes twice on 25 October.
#[test]
fn repeated_times_are_due_the_first_time() {
    let berlin = |cron, after| next(cron, "Europe/Berlin", after, 2);
    assert_eq!(
        berlin("30 2 * * *", "2026-10-24T23:00:00"),
        ["2026-10-25 00:30", "2026-10-26 01:30"]
    );
    // In the middle of the second time.
    assert_eq!(
        berlin("30 2 * * *", "2026-10-25T01:10:00"),
        ["2026-10-26 01:30", "2026-10-27 01:30"]
    );
    assert_eq!(
        berlin("*/20 * * * *", "2026-10-25T00:30:00"),
        ["2026-10-25 00:40", "2026-10-25 02:00"]
    );
    assert_eq!(
        next(
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T00:00:00",
            2
        ),
        ["2026-04-04 14:45", "2026-04-05 15:15"]
    );
}

#[test]
fn the_calendar_has_an_end() {
    let last = at("9999-12-30T21:00:00");
    assert_eq!(schedule("0 0 1 1 *").next_after(last, &Zone::utc()), None);
    assert_eq!(schedule("every 2h").next_after(last, &Zone::utc()), None);
}
