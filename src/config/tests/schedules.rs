//! Which schedules are understood.

use super::*;

fn schedule(toml: &str) -> Result<Vec<String>, String> {
    let desk = Desk::with(&format!("[source.daily-notes]\nschedule = {toml}"));
    match desk.load() {
        Ok(config) => Ok(config
            .source("daily-notes")
            .unwrap()
            .settings
            .schedule
            .0
            .clone()),
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
    ] {
        assert_eq!(schedule(&format!("'{text}'")), Ok(vec![text.to_owned()]));
    }
    assert_eq!(schedule("['watch', 'every 1d']").unwrap().len(), 2);
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
    assert_eq!(
        why("nightly"),
        "`nightly` is neither a known word nor five cron fields"
    );
    assert_eq!(
        why("60 3 * * *"),
        "`60` is not a minute: use 0 to 59, `*`, `1-5` or `*/2`"
    );
    for text in [
        "* * * *",
        "0 3 * * mun",
        "5-1 * * * *",
        "*/0 * * * *",
        "1,,2 * * * *",
        "",
        "-1 * * * *",
    ] {
        assert!(schedule(&format!("'{text}'")).is_err(), "{text}");
    }
    assert_eq!(
        schedule("['manual', 'watch']"),
        Err("error: \"manual\" cannot be combined with other schedules".to_owned())
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
