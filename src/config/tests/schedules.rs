//! Which schedules are understood.

use super::*;

fn schedule(toml: &str) -> Result<Vec<String>, String> {
    let desk = Desk::with(&format!("[source.daily-notes]\nschedule = {toml}"));
    match desk.load() {
        Ok(config) => {
            let schedules = &config.source("daily-notes").unwrap().settings.schedule;
            Ok(schedules.iter().map(Schedule::to_string).collect())
        }
        Err(errors) => Err(errors
            .report()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()),
    }
}

#[test]
fn schedules_that_are_understood() {
    for text in [
        "watch",
        "once",
        "manual",
        "every 15m",
        "every 1h 30m",
        "0 3 * * *",
        "*/10 8-18/2 1,15 jan-mar mon-fri",
        "0 0 31 12 7",
        "0 0 29 2 *",
        "0 0 30 2 mon",
        "5/15 * * * sat-sun",
        "@daily",
        "every 3650d",
    ] {
        assert_eq!(schedule(&format!("'{text}'")), Ok(vec![text.to_owned()]));
    }
    assert_eq!(schedule("['watch', 'every 1d']").unwrap().len(), 2);
    assert_eq!(schedule("'  every 1d '"), Ok(vec!["every 1d".to_owned()]));
}

#[test]
fn schedules_that_are_not() {
    let why = |text: &str| {
        let message = schedule(&format!("'{text}'")).unwrap_err();
        message.replace("error: `schedule` cannot be understood: ", "")
    };
    assert_eq!(
        why("every"),
        "`every` needs a duration, such as \"every 15m\"".to_owned()
    );
    assert_eq!(
        why("every day"),
        "`day` is not a duration such as 15m or 2h"
    );
    assert_eq!(why("every 10ms"), "the shortest period is one second");
    assert_eq!(why("every 3651d"), "the longest period is 3650 days");
    assert_eq!(why("@dayly"), "did you mean \"@daily\"?");
    assert_eq!(
        why("nightly"),
        "`nightly` is neither a known word nor five cron fields"
    );
    assert_eq!(
        why("60 3 * * *"),
        "`60` is not a minute: use 0 to 59, `*`, `1-5` or `*/2`"
    );
}

#[test]
fn cron_fields_that_say_nothing() {
    for text in [
        "* * * *",
        "0 3 * * mun",
        "5-1 * * * *",
        "*/0 * * * *",
        "1,,2 * * * *",
        "",
        "-1 * * * *",
        "+1 * * * *",
        "*/+2 * * * *",
        "*/ * * * *",
        "/5 * * * *",
        "1-2-3 * * * *",
        "1/2/3 * * * *",
        "*-5 * * * *",
        "99999999999 * * * *",
        "*/99999999999 * * * *",
        "* * * 12-jan *",
        "* * * * 8",
        "* * * * * *",
        "@DAILY",
        "every -5m",
    ] {
        assert!(schedule(&format!("'{text}'")).is_err(), "{text}");
    }
}

#[test]
fn lists_that_are_not() {
    assert_eq!(
        schedule("['manual', 'watch']"),
        Err("error: \"manual\" cannot be combined with other schedules".to_owned())
    );
    assert_eq!(
        schedule("['every 1h', 'watch', 'every 1h']"),
        Err("error: \"every 1h\" stands there twice".to_owned())
    );
    assert_eq!(
        schedule("[]"),
        Err("error: `schedule` must not be an empty list".to_owned())
    );
    assert_eq!(
        schedule("['watch', 5]"),
        Err(
            "error: an entry of `schedule` must be \"watch\", \"once\", \"manual\", \
             \"every 15m\" or five cron fields, not a whole number"
                .to_owned()
        )
    );
}

#[test]
fn schedules_that_never_come() {
    for (text, why) in [
        ("0 0 30 2 *", "no month of `2` has a day of `30`"),
        (
            "0 0 31 feb,apr */2",
            "no month of `feb,apr` has a day of `31`",
        ),
        (
            "0 0 31 4-6/2,9,11 *",
            "no month of `4-6/2,9,11` has a day of `31`",
        ),
    ] {
        assert_eq!(
            schedule(&format!("'{text}'")),
            Err(format!("error: `schedule` never comes: {why}"))
        );
    }
}
