//! The agenda under clocks that jump about, as that of a machine that is suspended, set by hand or set by the
//! network: it neither storms nor stops.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::scheduler::Outcome::{self, Cancelled, Done, Failed, Rejects};
use crate::scheduler::{Agenda, Due, Planned, Trigger};

const SCHEDULES: [&str; 7] = [
    "every 1s",
    "every 15m",
    "every 26h",
    "*/10 * * * *",
    "30 2 * * *",
    "15 1,2 * * sun",
    "0 0 29 2 *",
];

/// What happens to the machine.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Time goes by while the program runs.
    Run(u64),
    /// The clock goes forward by these seconds, or back.
    Jump(i64),
    /// The program is ended and started again.
    Restart,
}

const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;

fn step() -> impl Strategy<Value = Step> {
    let jump = prop_oneof![
        Just(-YEAR),
        Just(100 * YEAR),
        Just(-100 * YEAR),
        Just(-HOUR),
        Just(HOUR),
        -5..5_i64,
        -48 * HOUR..48 * HOUR,
    ];
    prop_oneof![
        3 => (0..20_000_u64).prop_map(Step::Run),
        2 => jump.prop_map(Step::Jump),
        1 => Just(Step::Restart),
    ]
}

/// A machine: a clock that may lie, and an agenda that is asked as a driver asks it.
struct Machine {
    schedules: Schedules,
    zone: Zone,
    agenda: Agenda,
    now: Timestamp,
    last: Option<Timestamp>,
    starts: u64,
    /// What goes on: the run, the second at which it ends by a clock that does not jump, and how.
    under_way: Vec<(Due, u64, Outcome)>,
    /// Seconds of time that went by.
    lived: u64,
}

/// How runs go: how long each takes, and how it ends; over and over.
type Runs = Vec<(u64, Outcome)>;

impl Machine {
    fn new(texts: &[&str], zone_name: &str, now: Timestamp) -> Self {
        let (schedules, zone) = (schedules(texts), zone(zone_name));
        let mut machine = Self {
            agenda: Agenda::new([], zone.clone(), now),
            zone,
            schedules,
            now,
            last: None,
            starts: 0,
            under_way: Vec::new(),
            lived: 0,
        };
        machine.restart();
        machine
    }

    fn restart(&mut self) {
        let planned = Planned {
            source: "notes".into(),
            schedules: self.schedules.clone(),
            once_done: false,
            last: self.last,
        };
        self.under_way.clear();
        self.agenda = Agenda::new([planned], self.zone.clone(), self.now);
    }

    fn jump(&mut self, seconds: i64) {
        let micros = self.now.as_micros() + seconds * 1_000_000;
        // At the ends of the calendar the clock stays.
        self.now = Timestamp::from_micros(micros).unwrap_or(self.now);
    }

    /// Asks what is due and starts it, as a driver does.
    fn act(&mut self, runs: &Runs) {
        let (now, lived) = (self.now, self.lived);
        let ended = self.under_way.extract_if(.., |(_, end, _)| *end <= lived);
        for (due, _, outcome) in ended.collect::<Vec<_>>() {
            self.agenda.ended(&due, outcome, now);
        }
        for due in self.agenda.due(now) {
            assert!(
                self.under_way.iter().all(|(other, ..)| *other != due),
                "{due:?} is under way"
            );
            self.agenda.started(&due, now);
            if due.trigger != Trigger::Watch {
                self.last = Some(now);
                self.starts += 1;
            }
            let (takes, outcome) = runs[self.starts as usize % runs.len()];
            self.under_way.push((due, lived + takes, outcome));
        }
        // Whoever has done what was due may sleep.
        let wake = self.agenda.next_wake(now);
        assert!(wake.is_none_or(|wake| wake > now), "{wake:?} at {now}");
    }

    /// Lets time go by, waking up when the agenda says, when a run ends, and each minute at the latest.
    fn run(&mut self, seconds: u64, runs: &Runs) {
        let end = self.lived + seconds;
        self.act(runs);
        while self.lived < end {
            let wake = self.agenda.next_wake(self.now);
            let wait = wake.map_or(60, |wake| {
                wake.since(self.now).as_micros().div_ceil(1_000_000) as u64
            });
            let ends = self
                .under_way
                .iter()
                .map(|(_, end, _)| end.saturating_sub(self.lived));
            let wait = ends
                .chain([wait, 60])
                .min()
                .unwrap_or(60)
                .clamp(1, end - self.lived);
            self.lived += wait;
            self.jump(wait as i64);
            self.act(runs);
        }
    }
}

/// How often a schedule comes at most while time goes by between two instants.
fn times(schedule: &Schedule, zone: &Zone, from: Timestamp, to: Timestamp) -> u64 {
    let mut at = from;
    let mut count = 0;
    while let Some(next) = schedule.next_after(at, zone).filter(|next| *next <= to) {
        at = next;
        count += 1;
    }
    count
}

fn instants() -> impl Strategy<Value = Timestamp> {
    (1_500_000_000..2_000_000_000_i64).prop_map(|at| Timestamp::from_seconds(at).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// At most one run for each time that comes, and one for each jump and each start.
    #[test]
    fn it_does_not_storm(
        text in prop::sample::select(&SCHEDULES),
        zone_name in prop::sample::select(&ZONES),
        start in instants(),
        steps in vec(step(), 1..12),
    ) {
        let mut machine = Machine::new(&[text], zone_name, start);
        let runs = vec![(0, Done), (0, Rejects), (0, Cancelled)];
        // Allowed up to where the clock was last disturbed, and where that was.
        let (mut allowed, mut from) = (1, start);
        for step in steps {
            match step {
                Step::Run(seconds) => machine.run(seconds, &runs),
                Step::Jump(_) | Step::Restart => {
                    allowed += 1 + times(&schedule(text), &machine.zone, from, machine.now);
                    match step {
                        Step::Jump(seconds) => machine.jump(seconds),
                        _ => machine.restart(),
                    }
                    from = machine.now;
                }
            }
            let allowed = allowed + times(&schedule(text), &machine.zone, from, machine.now);
            prop_assert!(machine.starts <= allowed, "{} starts, {} allowed, at {:?}", machine.starts, allowed, step);
        }
    }

    /// Whatever happened, the next time brings a run: after an hour's pause at the latest if it had failed.
    #[test]
    fn it_does_not_stop(
        text in prop::sample::select(&SCHEDULES[..5]),
        other in prop::sample::select(&["watch", "once"]),
        zone_name in prop::sample::select(&ZONES),
        start in instants(),
        steps in vec(step(), 1..12),
        runs in vec((0..5_000_u64, prop::sample::select(&[Done, Rejects, Cancelled, Failed])), 1..5),
    ) {
        let mut machine = Machine::new(&[text, other], zone_name, start);
        for step in steps {
            match step {
                Step::Run(seconds) => machine.run(seconds, &runs),
                Step::Jump(seconds) => machine.jump(seconds),
                Step::Restart => machine.restart(),
            }
        }
        // A clock that stands where the calendar ends is set right.
        if machine.now > at("9990-01-01T00:00:00") {
            machine.now = start;
        }
        // Notices where the clock is, and lets what is under way end.
        machine.run(6_000, &runs);
        let before = machine.starts;
        machine.run(24 * 3600 * 13 / 10 + 3_600 + 5_000, &runs);
        prop_assert!(machine.starts > before, "no run since {}", machine.now);
    }

    /// The clock is set back every few seconds, as by two programs that disagree about the time.
    #[test]
    fn a_clock_that_never_gets_anywhere(back in 1..300_u64, ahead in 0..300_u64, start in instants()) {
        let mut machine = Machine::new(&["every 15m"], "Europe/Berlin", start);
        let runs = vec![(0, Done)];
        for _ in 0..100 {
            machine.run(back, &runs);
            machine.jump(-(back as i64) + ahead as i64 / 100);
        }
        // Each time the clock is set, what went by since it was last looked at is lost: a second, or so.
        let expected = machine.lived / 1_100;
        prop_assert!(machine.starts >= expected.saturating_sub(1), "{} of {expected}", machine.starts);
        prop_assert!(machine.starts <= machine.lived / 900 + 1);
    }
}
