//! The pairs that were really made, the ways in which it goes wrong, and every choice tried for small cases.

use proptest::prelude::*;

use super::*;

const WINDOW: i64 = 330;

/// Seconds of a day, and bytes.
fn uploads(all: &[(i64, u64)]) -> Vec<Upload> {
    all.iter().map(|&(at, size)| Upload { at, size }).collect()
}

/// Small ones, that a line takes at once.
fn small(times: &[i64]) -> Vec<Upload> {
    times.iter().map(|&at| Upload { at, size: 1 }).collect()
}

fn paired(uploads: &[Upload], transcripts: &[i64]) -> Vec<(usize, usize)> {
    let pairs = pair(uploads, transcripts, WINDOW);
    pairs
        .iter()
        .map(|pair| (pair.upload, pair.transcript))
        .collect()
}

fn clock(time: &str) -> i64 {
    let parts = [&time[0..2], &time[2..4], &time[4..6]];
    parts
        .iter()
        .fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap())
}

#[test]
fn ten_of_ten_real_pairs_are_found() {
    let real = [
        ("185000", 8_448_044, "185106"),
        ("185106", 3_073_316, "185119"),
        ("211652", 202_796, "211659"),
        ("211724", 92_204, "211728"),
        ("211751", 241_708, "211757"),
        ("211843", 102_444, "211847"),
        ("211909", 110_636, "211913"),
        ("212209", 895_020, "212222"),
        ("212304", 1_148_972, "212311"),
        ("212327", 190_508, "212331"),
    ];
    let audio: Vec<_> = real
        .iter()
        .map(|(at, size, _)| (clock(at), *size))
        .collect();
    let text: Vec<_> = real.iter().map(|(_, _, at)| clock(at)).collect();
    let expected: Vec<_> = (0..10).map(|number| (number, number)).collect();
    assert_eq!(paired(&uploads(&audio), &text), expected);
}

#[test]
fn a_failed_recording_keeps_no_other_from_its_transcript() {
    // Of two before one transcript the later has it.
    assert_eq!(paired(&small(&[0, 60]), &[64]), [(1, 0)]);
    // Whatever failed at first, in the middle or at the end, the others have their own.
    assert_eq!(
        paired(&small(&[0, 10, 20, 30]), &[14, 24, 34]),
        [(1, 0), (2, 1), (3, 2)]
    );
    assert_eq!(
        paired(&small(&[0, 10, 20, 30]), &[4, 24, 34]),
        [(0, 0), (2, 1), (3, 2)]
    );
    assert_eq!(
        paired(&small(&[0, 10, 20, 30]), &[4, 14, 24]),
        [(0, 0), (1, 1), (2, 2)]
    );
    assert_eq!(
        paired(&small(&[0, 10, 20, 300]), &[24, 304]),
        [(2, 0), (3, 1)]
    );
    // The next one begins as the result is there.
    assert_eq!(paired(&small(&[0, 6]), &[6]), [(0, 0)]);
    assert_eq!(paired(&small(&[0, 5]), &[6]), [(0, 0)]);
    assert_eq!(paired(&small(&[0, 4]), &[6]), [(1, 0)]);
}

#[test]
fn a_large_upload_may_take_its_time() {
    let slow = uploads(&[(0, 9_000_000), (100, 1)]);
    assert_eq!(paired(&slow, &[80]), [(0, 0)]);
    assert_eq!(paired(&slow, &[80, 104]), [(0, 0), (1, 1)]);
}

#[test]
fn uploads_at_the_same_time_keep_their_order() {
    assert_eq!(
        paired(&small(&[0, 1, 2]), &[10, 11, 12]),
        [(0, 0), (1, 1), (2, 2)]
    );
    assert_eq!(paired(&small(&[0, 0]), &[5, 6]), [(0, 0), (1, 1)]);
}

#[test]
fn the_window_is_a_limit_on_both_sides() {
    assert_eq!(paired(&small(&[0]), &[330]), [(0, 0)]);
    assert_eq!(paired(&small(&[0]), &[331]), []);
    assert_eq!(paired(&small(&[10]), &[9]), []);
    assert_eq!(paired(&small(&[10]), &[10]), [(0, 0)]);
    assert_eq!(paired(&[], &[5]), []);
    assert_eq!(paired(&small(&[5]), &[]), []);
}

#[test]
fn what_is_too_dense_is_paired_in_order() {
    let uploads = small(&vec![0; 2_000]);
    let pairs = pair(&uploads, &[3; 1_500], WINDOW);
    assert_eq!(pairs.len(), 1_500);
    assert!(pairs.iter().all(|pair| pair.upload == pair.transcript));
    let long = small(&(0..100_000).collect::<Vec<_>>());
    let late: Vec<i64> = (0..100_000).map(|at| at + 4).collect();
    assert_eq!(pair(&long, &late, WINDOW).len(), 100_000);
}

/// Tries every choice there is.
fn best_of_all(uploads: &[Upload], transcripts: &[i64], window: i64) -> Worth {
    fn go(
        sought: &[Upload],
        all: &[Upload],
        from: usize,
        transcripts: &[i64],
        window: i64,
    ) -> Worth {
        let Some((audio, rest)) = sought.split_first() else {
            return Worth::default();
        };
        let mut best = go(rest, all, from, transcripts, window);
        for transcript in from..transcripts.len() {
            let wait = transcripts[transcript] - audio.at;
            if (0..=window).contains(&wait) {
                let upload = all.len() - sought.len();
                let cost = cost(all, transcripts, Pair { upload, transcript });
                best = best.max(go(rest, all, transcript + 1, transcripts, window).with(cost));
            }
        }
        best
    }
    go(uploads, uploads, 0, transcripts, window)
}

fn worth(uploads: &[Upload], transcripts: &[i64], pairs: &[Pair]) -> Worth {
    let costs = pairs.iter().map(|pair| cost(uploads, transcripts, *pair));
    costs.fold(Worth::default(), Worth::with)
}

fn case(most: usize) -> impl Strategy<Value = (Vec<Upload>, Vec<i64>, i64)> {
    let size = prop_oneof![Just(1_u64), 0..2_000_000_u64, 0..20_000_000_u64];
    let upload = (0..400_i64, size).prop_map(|(at, size)| Upload { at, size });
    let uploads = proptest::collection::vec(upload, 0..most);
    let transcripts = proptest::collection::vec(0..500_i64, 0..most);
    (uploads, transcripts, 0..350_i64).prop_map(|(mut uploads, mut transcripts, window)| {
        uploads.sort_by_key(|upload| upload.at);
        transcripts.sort_unstable();
        (uploads, transcripts, window)
    })
}

/// Whether the pairs keep the rules 1 and 2.
fn keeps_order(uploads: &[Upload], transcripts: &[i64], window: i64, pairs: &[Pair]) -> bool {
    let fits = |pair: &Pair| {
        (0..=window).contains(&(transcripts[pair.transcript] - uploads[pair.upload].at))
    };
    let later =
        |two: &[Pair]| two[0].upload < two[1].upload && two[0].transcript < two[1].transcript;
    pairs.iter().all(fits) && pairs.windows(2).all(later)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn no_other_choice_is_better((uploads, transcripts, window) in case(7)) {
        let pairs = pair(&uploads, &transcripts, window);
        prop_assert!(keeps_order(&uploads, &transcripts, window, &pairs), "{:?}", pairs);
        let best = best_of_all(&uploads, &transcripts, window);
        prop_assert_eq!(worth(&uploads, &transcripts, &pairs), best, "{:?}", pairs);
    }

    #[test]
    fn many_are_paired_as_one_would_one_by_one((uploads, transcripts, window) in case(60)) {
        let pairs = pair(&uploads, &transcripts, window);
        prop_assert!(keeps_order(&uploads, &transcripts, window, &pairs));
        // Taking the first that is left finds as many as can be found, if not the right ones.
        let mut first = Vec::new();
        in_order(&Reach::of_each(&uploads, &transcripts, window), &mut first);
        prop_assert_eq!(pairs.len(), first.len());
        prop_assert!(worth(&uploads, &transcripts, &pairs) >= worth(&uploads, &transcripts, &first));
    }

    #[test]
    fn what_is_far_away_changes_nothing((uploads, transcripts, window) in case(20), gap in 1_000..9_000_i64) {
        let alone = pair(&uploads, &transcripts, window);
        let mut both = uploads.clone();
        both.extend(uploads.iter().map(|upload| Upload { at: upload.at + gap, ..*upload }));
        let mut texts = transcripts.clone();
        texts.extend(transcripts.iter().map(|time| time + gap));
        let shifted = alone.iter().map(|pair| Pair {
            upload: pair.upload + uploads.len(),
            transcript: pair.transcript + transcripts.len(),
        });
        let expected: Vec<Pair> = alone.iter().copied().chain(shifted).collect();
        prop_assert_eq!(pair(&both, &texts, window), expected);
    }

    /// Dictations one after the other, of which some fail: each transcript comes to its own.
    #[test]
    fn one_at_a_time_all_are_right(
        turns in proptest::collection::vec((3..90_i64, 2..30_i64, 0..4_u8), 1..40),
    ) {
        let (mut now, mut uploads, mut transcripts, mut expected) = (0, Vec::new(), Vec::new(), Vec::new());
        for (pause, wait, luck) in turns {
            now += pause;
            // What it waits for is explained by what is sent.
            uploads.push(Upload { at: now, size: (wait.max(5) - 5).unsigned_abs() * LINE });
            if luck > 0 {
                expected.push((uploads.len() - 1, transcripts.len()));
                now += wait;
                transcripts.push(now);
            }
        }
        prop_assert_eq!(paired(&uploads, &transcripts), expected);
    }
}
