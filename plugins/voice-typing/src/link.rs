//! Which transcript each recording has: by the second that both names carry, by the log, by what times make likely,
//! in this order.

use std::collections::{HashMap, HashSet};

use crate::log::{End, Failure, Request};
use crate::pairs::{self, Upload};

/// A recording as its name and size tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recording {
    /// When, in seconds.
    pub(crate) at: i64,
    /// How large it is, in bytes.
    pub(crate) size: u64,
    /// Whether it is called `audio`, as dictations are.
    pub(crate) dictated: bool,
    /// The number of the copy.
    pub(crate) copy: u32,
}

/// A transcript as its name tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    /// When, in seconds.
    pub(crate) at: i64,
    /// Of an uploaded recording, the start of the job's id; none of a streamed one.
    pub(crate) job: Option<u32>,
    /// The number of the copy.
    pub(crate) copy: u32,
}

/// How a transcript was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Both names carry the same second.
    Stamp,
    /// The log names the job.
    Log,
    /// It is what times make likely.
    Time,
}

impl Method {
    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stamp => "stamp",
            Self::Log => "log",
            Self::Time => "time",
        }
    }
}

/// What was found of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its transcript, by its place.
    Transcript(usize, Method),
    /// The log says why it has none.
    Failed(Failure),
    /// Nothing.
    Nothing,
}

/// Looks for the transcript of each recording. All three come in the order of their times.
pub(crate) fn link(
    recordings: &[Recording],
    texts: &[Text],
    requests: &[Request],
    window: i64,
) -> Vec<Found> {
    let mut links = Links {
        recordings,
        texts,
        found: vec![None; recordings.len()],
        used: vec![false; texts.len()],
    };
    links.by_stamp();
    links.by_log(requests);
    links.by_time(window);
    let found = links.found.into_iter();
    found.map(|found| found.unwrap_or(Found::Nothing)).collect()
}

struct Links<'a> {
    recordings: &'a [Recording],
    texts: &'a [Text],
    found: Vec<Option<Found>>,
    used: Vec<bool>,
}

impl Links<'_> {
    fn pair(&mut self, recording: usize, text: usize, method: Method) {
        self.found[recording] = Some(Found::Transcript(text, method));
        self.used[text] = true;
    }

    /// A streamed recording and its transcript were saved in the same second. Several of one second: copies of the
    /// same number first, then as they come.
    fn by_stamp(&mut self) {
        let mut streamed: HashMap<i64, Vec<usize>> = HashMap::new();
        for (text, one) in self.texts.iter().enumerate() {
            if one.job.is_none() {
                streamed.entry(one.at).or_default().push(text);
            }
        }
        let all = 0..self.recordings.len();
        for same_copy in [true, false] {
            for number in all.clone() {
                let recording = self.recordings[number];
                if !recording.dictated || self.found[number].is_some() {
                    continue;
                }
                let Some(left) = streamed.get_mut(&recording.at) else {
                    continue;
                };
                let fits = |text: &usize| !same_copy || self.texts[*text].copy == recording.copy;
                if let Some(at) = left.iter().position(fits) {
                    let text = left.remove(at);
                    self.pair(number, text, Method::Stamp);
                }
            }
        }
    }

    /// A recording got its name between the start of its request and the job. Where the log says how it ended, that is
    /// what counts, and nothing else is sought for it.
    fn by_log(&mut self, requests: &[Request]) {
        let jobs: HashMap<u32, usize> = (0..self.texts.len())
            .rev()
            .filter_map(|text| Some((self.texts[text].job?, text)))
            .collect();
        let mut seen = HashSet::new();
        for request in requests.iter().filter(|request| seen.insert(**request)) {
            let first = self
                .recordings
                .partition_point(|one| one.at < request.posted);
            let within = self.recordings[first..].iter();
            let within = within.take_while(|one| one.at <= request.ended).count();
            let mut free = first..first + within;
            let Some(recording) = free.find(|recording| self.found[*recording].is_none()) else {
                continue;
            };
            match request.end {
                End::Failed(why) => self.found[recording] = Some(Found::Failed(why)),
                End::Job(job) => match jobs.get(&job) {
                    Some(&text) if !self.used[text] => self.pair(recording, text, Method::Log),
                    _ => self.found[recording] = Some(Found::Nothing),
                },
            }
        }
    }

    fn by_time(&mut self, window: i64) {
        let open: Vec<usize> = (0..self.recordings.len())
            .filter(|recording| self.found[*recording].is_none())
            .collect();
        let free: Vec<usize> = (0..self.texts.len())
            .filter(|text| self.texts[*text].job.is_some() && !self.used[*text])
            .collect();
        let upload = |recording: &usize| {
            let Recording { at, size, .. } = self.recordings[*recording];
            Upload { at, size }
        };
        let uploads: Vec<Upload> = open.iter().map(upload).collect();
        let times: Vec<i64> = free.iter().map(|text| self.texts[*text].at).collect();
        for pair in pairs::pair(&uploads, &times, window) {
            self.pair(open[pair.upload], free[pair.transcript], Method::Time);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: i64 = 330;

    fn recording(at: i64) -> Recording {
        Recording {
            at,
            size: 100_000,
            dictated: true,
            copy: 0,
        }
    }

    fn streamed(at: i64) -> Text {
        Text {
            at,
            job: None,
            copy: 0,
        }
    }

    fn job(at: i64, job: u32) -> Text {
        Text {
            at,
            job: Some(job),
            copy: 0,
        }
    }

    fn request(posted: i64, ended: i64, end: End) -> Request {
        Request { posted, ended, end }
    }

    use Found::{Failed, Nothing, Transcript};
    use Method::{Log, Stamp, Time};

    #[test]
    fn streamed_ones_are_told_by_their_second() {
        let found = link(
            &[recording(0), recording(4), recording(9)],
            &[streamed(4), streamed(10)],
            &[],
            WINDOW,
        );
        assert_eq!(found, [Nothing, Transcript(0, Stamp), Nothing]);
        // An upload of the same second has another name, and another transcript.
        let upload = Recording {
            dictated: false,
            ..recording(4)
        };
        let found = link(
            &[recording(4), upload],
            &[streamed(4), job(8, 1)],
            &[],
            WINDOW,
        );
        assert_eq!(found, [Transcript(0, Stamp), Transcript(1, Time)]);
    }

    #[test]
    fn copies_of_one_second_go_with_their_number() {
        let second = Recording {
            copy: 1,
            ..recording(4)
        };
        let texts = [
            Text {
                copy: 1,
                ..streamed(4)
            },
            streamed(4),
        ];
        let found = link(&[recording(4), second], &texts, &[], WINDOW);
        assert_eq!(found, [Transcript(1, Stamp), Transcript(0, Stamp)]);
        // One of two was overwritten: the other transcript has no recording.
        let found = link(&[recording(4)], &[streamed(4), streamed(4)], &[], WINDOW);
        assert_eq!(found, [Transcript(0, Stamp)]);
        let found = link(
            &[recording(4), second],
            &[streamed(4), streamed(4)],
            &[],
            WINDOW,
        );
        assert_eq!(found, [Transcript(0, Stamp), Transcript(1, Stamp)]);
    }

    #[test]
    fn the_log_knows_better_than_times() {
        let recordings = [recording(0), recording(60)];
        let texts = [job(64, 7)];
        assert_eq!(
            link(&recordings, &texts, &[], WINDOW),
            [Nothing, Transcript(0, Time)]
        );
        let slow = [request(0, 62, End::Job(7))];
        assert_eq!(
            link(&recordings, &texts, &slow, WINDOW),
            [Transcript(0, Log), Nothing]
        );
        // A log that is there twice says it once.
        let twice = [slow[0], slow[0]];
        assert_eq!(
            link(&recordings, &texts, &twice, WINDOW),
            [Transcript(0, Log), Nothing]
        );
        let failed = [request(59, 63, End::Failed(Failure::Upload))];
        assert_eq!(
            link(&recordings, &texts, &failed, WINDOW),
            [Transcript(0, Time), Failed(Failure::Upload)]
        );
        // Its job has no transcript: no other's is taken for it.
        let lost = [request(59, 61, End::Job(8))];
        assert_eq!(
            link(&recordings, &texts, &lost, WINDOW),
            [Transcript(0, Time), Nothing]
        );
    }

    fn any_case() -> impl Strategy<Value = (Vec<Recording>, Vec<Text>, Vec<Request>)> {
        let recording = (0..90_i64, 0..9_000_000_u64, any::<bool>(), 0..3_u32).prop_map(
            |(at, size, dictated, copy)| Recording {
                at,
                size,
                dictated,
                copy,
            },
        );
        let text = (0..90_i64, proptest::option::of(0..20_u32), 0..3_u32)
            .prop_map(|(at, job, copy)| Text { at, job, copy });
        let end = prop_oneof![
            (0..20_u32).prop_map(End::Job),
            Just(End::Failed(Failure::Other))
        ];
        let request = (0..90_i64, 0..30_i64, end)
            .prop_map(|(posted, took, end)| request(posted, posted + took, end));
        let sorted = |(mut recordings, mut texts, mut requests): (
            Vec<Recording>,
            Vec<Text>,
            Vec<Request>,
        )| {
            recordings.sort_by_key(|one| one.at);
            texts.sort_by_key(|one| one.at);
            requests.sort_unstable();
            (recordings, texts, requests)
        };
        (
            proptest::collection::vec(recording, 0..30),
            proptest::collection::vec(text, 0..30),
            proptest::collection::vec(request, 0..10),
        )
            .prop_map(sorted)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn no_transcript_is_given_twice((recordings, texts, requests) in any_case()) {
            let found = link(&recordings, &texts, &requests, 60);
            prop_assert_eq!(found.len(), recordings.len());
            let mut given = HashSet::new();
            for (recording, found) in recordings.iter().zip(found) {
                let Transcript(text, method) = found else { continue };
                prop_assert!(given.insert(text));
                let wait = texts[text].at - recording.at;
                match method {
                    Stamp => prop_assert!(wait == 0 && recording.dictated && texts[text].job.is_none()),
                    Log => prop_assert!(texts[text].job.is_some()),
                    Time => prop_assert!((0..=60).contains(&wait) && texts[text].job.is_some()),
                }
            }
        }

        #[test]
        fn without_logs_a_streamed_one_never_misses((recordings, texts, _) in any_case()) {
            let found = link(&recordings, &texts, &[], 60);
            for second in 0..90 {
                let dictated = recordings.iter().zip(&found).filter(|(one, _)| one.at == second && one.dictated);
                let (with, without): (Vec<_>, Vec<_>) =
                    dictated.partition(|(_, found)| matches!(found, Transcript(_, Stamp)));
                let texts = texts.iter().filter(|one| one.at == second && one.job.is_none()).count();
                prop_assert_eq!(with.len(), texts.min(with.len() + without.len()));
            }
        }
    }
}
