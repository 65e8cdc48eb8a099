//! Logs as the gateway wrote them, and what holds for any.

use proptest::prelude::*;

use super::*;

const LOG: &str = "\
2026/01/01 16:58:04 Starting gateway server on :8000
2026/01/01 16:58:10 Received POST request to /v1/transcribe
2026/01/01 17:00:10 Error: Failed to upload to AssemblyAI, Details: context deadline exceeded
2026/01/01 17:00:10 Received POST request to /v1/transcribe
2026/01/01 17:00:16 Processing transcription for audio URL: https://example.org/upload/1
2026/01/01 17:00:17 Transcript job created with ID: 7b1bf2a1-0537-4d62-a133-72abc474b423
2026/01/01 17:00:28 Transcription completed for ID: 7b1bf2a1-0537-4d62-a133-72abc474b423. Duration: 264.00s
";

fn requests(text: &str) -> Vec<(String, i64, End)> {
    let all = read(text.as_bytes()).unwrap().unwrap_or_default();
    let shown = |wall| Timestamp::from_seconds(wall).unwrap().to_string()[11..19].to_owned();
    let requests = all.iter();
    requests
        .map(|one| (shown(one.posted), one.ended - one.posted, one.end))
        .collect()
}

#[test]
fn each_upload_ends_with_a_job_or_a_failure() {
    let expected = [
        ("16:58:10".to_owned(), 120, End::Failed(Failure::Upload)),
        ("17:00:10".to_owned(), 7, End::Job(0x7b1b_f2a1)),
    ];
    assert_eq!(requests(LOG), expected);
    let journal: String = LOG
        .lines()
        .map(|line| format!("Jan 01 16:58:04 desk voice-gateway[4711]: {line}\r\n"))
        .collect();
    assert_eq!(requests(&journal), expected);
}

#[test]
fn what_the_gateway_did_not_end_is_cut_short() {
    let started = "2026/01/01 17:09:00 Starting gateway server on :8000\n";
    let posted = "2026/01/01 17:05:00 Received POST request to /v1/transcribe\n";
    let created = "2026/01/01 17:05:02 Transcript job created with ID: 0000000a-0537-4d62-a133-72abc474b423\n";
    let failed = "2026/01/01 17:10:02 Error: Transcription failed or timed out, Details: x\n";
    let at = |took, end| vec![("17:05:00".to_owned(), took, end)];
    assert_eq!(
        requests(&[posted, started].concat()),
        at(240, End::Failed(Failure::Stopped))
    );
    assert_eq!(
        requests(&[posted, created, started].concat()),
        at(2, End::Job(10))
    );
    assert_eq!(requests(&[posted, created].concat()), at(2, End::Job(10)));
    assert_eq!(
        requests(&[posted, created, failed].concat()),
        at(302, End::Failed(Failure::Result))
    );
    // It may still be under way.
    assert_eq!(requests(posted), vec![]);
}

#[test]
fn other_texts_are_no_logs() {
    for text in [
        "",
        "hello\n",
        "2026/13/01 17:05:00 Received POST request to /v1/transcribe\n",
        "2026/01/01 17:05:00 hello",
    ] {
        assert_eq!(read(text.as_bytes()).unwrap(), None, "{text}");
    }
    // A log in which nothing was sent is one.
    let started = "2026/01/01 17:09:00 Starting gateway server on :8000";
    assert_eq!(read(started.as_bytes()).unwrap(), Some(vec![]));
    let long = format!("{}{LOG}", "x".repeat(1 << 20));
    assert_eq!(requests(&long).len(), 2);
}

fn request() -> impl Strategy<Value = Request> {
    let failure = proptest::sample::select(Failure::ALL.map(|(why, _)| why).to_vec());
    let end = prop_oneof![
        any::<u32>().prop_map(End::Job),
        failure.prop_map(End::Failed),
    ];
    (1_700_000_000..1_800_000_000_i64, 0..400_i64, end).prop_map(|(posted, took, end)| Request {
        posted,
        ended: posted + took,
        end,
    })
}

proptest! {
    #[test]
    fn a_cursor_holds_the_newest_as_they_were(requests in proptest::collection::vec(request(), 0..400)) {
        let mut requests = requests;
        requests.sort_unstable();
        let text = packed(&requests);
        prop_assert!(text.len() <= KEPT);
        let kept = unpacked(&text);
        prop_assert!(requests.ends_with(&kept));
        prop_assert!(kept.len() == requests.len() || kept.len() > 120, "{}", kept.len());
    }

    #[test]
    fn any_text_is_read(lines in proptest::collection::vec((0..9_usize, any::<String>()), 0..40)) {
        let known: Vec<&str> = LOG.lines().collect();
        let text: String = lines
            .iter()
            .map(|(number, odd)| known.get(*number).copied().unwrap_or(odd).to_owned() + "\n")
            .collect();
        let read = read(text.as_bytes()).unwrap();
        let posts = text.matches("Received POST").count();
        prop_assert!(read.unwrap_or_default().len() <= posts);
        let _ = unpacked(&text);
    }
}
