//! Each format in a small file made by hand, and what it says.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fmt::Write;

use datalake_transcript::{Millis, Transcript, parse};

fn time(time: Option<Millis>) -> String {
    time.map_or("?".to_owned(), |time| time.to_string())
}

fn number(number: Option<f64>) -> String {
    number.map_or("-".to_owned(), |number| {
        let rounded = (number * 1e4).round() / 1e4;
        rounded.to_string()
    })
}

/// A transcript as a person would note it down: a line about all of it, one a segment, words with times behind.
fn told(name: &str, transcript: &Transcript) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let (provider, model) = (or(&transcript.provider), or(&transcript.model));
    let language = or(&transcript.language);
    let flags: Vec<&str> = transcript.flags.iter().map(|flag| flag.name()).collect();
    let mut out = format!(
        "{name} by {provider} {model}, {language}, {}, {} ms, {flags:?}\n{}\n",
        number(transcript.confidence),
        time(transcript.duration),
        transcript.text
    );
    for segment in &transcript.segments {
        let speaker = segment.speaker.as_deref().unwrap_or("-");
        let (start, end) = (time(segment.start), time(segment.end));
        let confidence = number(segment.confidence);
        write!(
            out,
            "  {start}-{end} {speaker} {confidence} {:?}",
            segment.text
        )
        .unwrap();
        for word in &segment.words {
            let (start, end) = (time(word.start), time(word.end));
            write!(out, " {}@{start}-{end}", word.text).unwrap();
            if word.confidence.is_some() {
                write!(out, "={}", number(word.confidence)).unwrap();
            }
            if let Some(speaker) = &word.speaker {
                write!(out, "/{speaker}").unwrap();
            }
        }
        out.push('\n');
    }
    out
}

/// Whether a fixture says just this. The first line break of what is expected is for the eye.
#[track_caller]
fn says(name: &str, expected: &str) {
    let path = format!("{}/fixtures/formats/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let found = match parse(name, &bytes) {
        Ok((format, transcript)) => told(format.name(), &transcript),
        Err(why) => format!("{}: {}\n", why.code, why.message),
    };
    assert_eq!(found, expected.trim_start_matches('\n'), "{name}");
}

#[test]
fn whisper_and_what_is_shaped_like_it() {
    says(
        "whisper.json",
        r#"
whisper by whisper -, en, 0.7408, ? ms, []
Hello there, how are you? Fine.
  0-2000 - 0.8187 "Hello there, how are you?" Hello@0-420=0.95 there,@420-700=0.9 how@900-1100=0.99 are@1100-1300=0.98 you?@1300-1620=0.97
  2000-3000 - 0.6065 "Fine." Fine.@2100-2600=0.6
"#,
    );
    says(
        "whisper-nan.json",
        r#"
whisper by whisper -, de, -, ? ms, ["lossy"]
😀 � ok
  0-1000 - - "😀 � ok"
"#,
    );
    says(
        "whisper-cpp.json",
        r#"
whisper.cpp by whisper.cpp base, en, 0.7, ? ms, []
Unbelievable, no.
Yes.
  0-2500 - 0.7 "Unbelievable, no." Unbelievable,@100-1300=0.75 no.@1500-2000=0.625
  2500-4000 - - "Yes."
"#,
    );
    says(
        "openai-verbose.json",
        r#"
openai by openai -, en, -, 8470 ms, []
The beach was a popular spot.
  0-1980 - - "The beach was a popular spot." The@0-240 beach@240-600 was@600-900 a@900-1000 popular@1000-1500 spot@1500-1980
"#,
    );
    says(
        "openai-segments.json",
        r#"
openai by openai -, ht, 0.7788, 2500 ms, []
Bonjou tout moun.
  0-2500 - 0.7788 "Bonjou tout moun."
"#,
    );
    says(
        "whisperx.json",
        r#"
whisperx by whisperx -, en, 0.7, ? ms, []
Around 1900 it began.
Yes.
  31-1200 SPEAKER_00 - "Around 1900 it began." Around@31-400=0.9 1900@?-? it@700-800=0.7/SPEAKER_01 began.@800-1200=0.8
  2000-2400 SPEAKER_01 - "Yes." Yes.@2000-2400=0.4
"#,
    );
    says(
        "list.json",
        r#"
json by - -, -, -, ? ms, []
One.
Two.
  0-1500 - - "One."
  1500-2000 7 - "Two."
"#,
    );
    says(
        "plain.json",
        r#"
json by - -, -, 0.5, 3000 ms, []
just a text
"#,
    );
}

#[test]
fn speech_services() {
    says(
        "assemblyai.json",
        r#"
assemblyai by assemblyai best, en-US, 0.9404, 12000 ms, []
Smoke from fires. Right.
  250-1300 A 0.94 "Smoke from fires." Smoke@250-650=0.97 from@650-800=0.9 fires.@800-1300=0.95
  1500-1800 B 0.8 "Right." Right.@1500-1800=0.8
"#,
    );
    says(
        "assemblyai-words.json",
        r#"
assemblyai by assemblyai -, zh, 0.9, 3000 ms, []
今天天气很好。对。
  0-1300 - 0.8 "今天天气很好。" 今天@0-400=0.9 天气@400-800=0.8 很好。@800-1300=0.7
  1500-1800 - 0.6 "对。" 对。@1500-1800=0.6
"#,
    );
    says(
        "gateway.json",
        r#"
gateway by assemblyai -, -, -, 6336 ms, []
turn on the lights
"#,
    );
    says(
        "deepgram.json",
        r#"
deepgram by deepgram nova-2, en, 0.97, 25933 ms, []
Yeah. As we said.
Right.
  80-320 channel 0 0.98 "Yeah." Yeah.@80-320=0.98
  200-500 channel 1 0.89 "Right." Right.@200-500=0.89
  320-1300 channel 0 0.93 "As we said." As@320-800=0.99 we@800-1040=0.9 said.@1040-1300=0.9
"#,
    );
    says(
        "deepgram-utterances.json",
        r#"
deepgram by deepgram -, -, 0.5, 3000 ms, []
hello you
  100-500 0 0.5 "hello" hello@100-500=0.5
  1000-1400 1 0.6 "you" you@1000-1400=0.5
"#,
    );
    says(
        "elevenlabs.json",
        r#"
elevenlabs by elevenlabs -, en, 0.8187, ? ms, []
Hello (laughs) world!
  119-1500 speaker_0 0.8215 "Hello (laughs) world!" Hello@119-259=0.9048 (laughs)@300-900=0.8187 world!@1000-1500=0.7408
"#,
    );
    says(
        "gladia.json",
        r#"
gladia by gladia -, fr, 0.8, 4500 ms, []
Bonjour. Ça va?
  100-900 0 0.9 "Bonjour." Bonjour.@100-900=0.9
  1200-2000 1 0.8 "Ça va?" Ça@1200-1500=0.75 va?@1500-2000=0.75
"#,
    );
    says(
        "google-v1.json",
        r#"
google by google -, en-US, 0.9, ? ms, []
how old is the bridge
very old
  0-600 1 0.9 "how old is the bridge" how@0-300 old@300-600
  ?-? - - "very old"
"#,
    );
    says(
        "azure-batch.json",
        r#"
azure by azure -, en-US, 0.8987, 4120 ms, []
Hello world.
  70-1660 1 0.8987 "Hello world." hello@90-570=0.9876 world@590-750=0.906
"#,
    );
    says(
        "azure-fast.json",
        r#"
azure by azure -, en-US, 0.9362, 2000 ms, []
Good afternoon.
  40-1000 - 0.9362 "Good afternoon." Good@40-320 afternoon.@320-1000
"#,
    );
}

#[test]
fn subtitles() {
    says(
        "whisper.tsv",
        r#"
tsv by - -, -, -, ? ms, []
Hello there, how are you?
Fine.
  0-2000 - - "Hello there, how are you?"
  2000-3000 - - "Fine."
"#,
    );
    says(
        "bom-crlf.en.srt",
        r#"
srt by - -, -, -, ? ms, []
Hello there,
how are you?
Fine.
  0-2000 - - "Hello there,\nhow are you?"
  2000-3000 - - "Fine."
"#,
    );
    says(
        "bare.srt",
        r#"
srt by - -, -, -, ? ms, []
Hello there
Fine
  500-2000 SPEAKER_00 - "Hello there"
  2000-3000 SPEAKER_01 - "Fine"
"#,
    );
    says(
        "captions.vtt",
        r#"
vtt by - -, fr-CA, -, ? ms, []
Bonjour & bienvenue
Merci bien
  1000-2500 Anne - "Bonjour & bienvenue"
  3602000-3603000 - - "Merci bien"
"#,
    );
    says(
        "rolling.vtt",
        r#"
vtt by - -, en, -, ? ms, ["rolling"]
good morning all
today we begin
[Music]
  160-2399 - - "good morning all" good@160-480 morning@480-1000 all@1000-2389
  2399-4400 - - "today we begin" today@2399-2720 we@2720-3120 begin@3120-4390
  4400-6000 - - "[Music]"
"#,
    );
    says(
        "highlighted.vtt",
        r#"
vtt by - -, -, -, ? ms, ["rolling"]
Hello there
Hello there again
  0-1000 - - "Hello there" Hello@0-400 there@600-1000
  1000-2000 - - "Hello there again"
"#,
    );
}

#[test]
fn texts() {
    says(
        "plain.txt",
        r#"
txt by - -, -, -, ? ms, []
Okay.
"#,
    );
    says(
        "cjk.txt",
        r#"
txt by - -, -, -, ? ms, []
今天天气很好。
明日は晴れです。
สวัสดีครับ
"#,
    );
    says(
        "speakers.txt",
        r#"
txt by - -, -, -, ? ms, []
Hello there
Fine
and well
  ?-? SPEAKER_00 - "Hello there"
  ?-? SPEAKER_01 - "Fine\nand well"
"#,
    );
    says(
        "brackets.txt",
        r#"
txt by - -, -, -, ? ms, []
[Music]
{curly}
"#,
    );
}

#[test]
fn encodings() {
    says(
        "utf16.srt",
        r#"
srt by - -, -, -, ? ms, ["utf-16"]
Grüße aus Köln 😀
naïve café
  1000-2000 - - "Grüße aus Köln 😀"
  3000-4000 - - "naïve café"
"#,
    );
    says(
        "utf16-no-mark.srt",
        r#"
srt by - -, -, -, ? ms, ["utf-16"]
Grüße aus Köln 😀
naïve café
  1000-2000 - - "Grüße aus Köln 😀"
  3000-4000 - - "naïve café"
"#,
    );
    says(
        "cp1252.srt",
        r#"
srt by - -, -, -, ? ms, ["cp1252"]
“Grüße” – 5 €
  1000-2000 - - "“Grüße” – 5 €"
"#,
    );
}

#[test]
fn what_a_service_wrote_instead_of_a_transcript() {
    says(
        "assemblyai-error.json",
        r#"
provider-error: there is no transcript in it: the provider says "Transcoding failed. File type is text/html"
"#,
    );
    says(
        "assemblyai-queued.json",
        r#"
not-finished: there is no transcript in it: the job is "processing"
"#,
    );
}

#[test]
fn what_is_no_transcript() {
    let code = |name: &str, text: &str| parse(name, text.as_bytes()).unwrap_err().code;
    assert_eq!(code("a.txt", ""), "empty");
    assert_eq!(code("a.json", ""), "empty");
    assert_eq!(code("a.json", "{}"), "no-transcript");
    assert_eq!(code("a.json", "[]"), "no-transcript");
    assert_eq!(
        code("a.json", r#"{"name": "x", "version": "1.0"}"#),
        "no-transcript"
    );
    assert_eq!(
        code("a.json", r#"{"results": {"transcripts": 1}}"#),
        "no-transcript"
    );
    assert_eq!(
        code("a.json", r#"{"error": {"message": "Invalid file"}}"#),
        "provider-error"
    );
    assert_eq!(code("a.json", r#"{"error": "quota"}"#), "provider-error");
    assert_eq!(code("a.json", r#"{"text": "cut of"#), "cut-off");
    assert_eq!(code("a.json", "hello"), "not-json");
    assert_eq!(code("a.json", r#"{"text": "a", "text": "b"}"#), "not-json");
    assert_eq!(code("a.srt", "hello"), "no-cues");
    assert_eq!(code("a.tsv", "a\tb\n1\t2\n"), "no-cues");
    let deep = |levels| {
        let (open, close) = (r#"[{"words":"#.repeat(levels), "}]".repeat(levels));
        format!(r#"{{"text": "a", "segments": {open}[]{close}}}"#)
    };
    assert_eq!(code("a.json", &deep(1_000)), "too-deep");
}

#[test]
fn the_content_decides_before_the_name() {
    let format = |name: &str, text: &str| parse(name, text.as_bytes()).unwrap().0.name();
    let srt = "1\n00:00:01,000 --> 00:00:02,000\nHello\n";
    assert_eq!(format("a.txt", srt), "srt");
    assert_eq!(
        format("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"),
        "vtt"
    );
    assert_eq!(
        format("a.srt", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"),
        "vtt"
    );
    assert_eq!(format("a.vtt", "00:01.000 --> 00:02.000\nHello\n"), "vtt");
    assert_eq!(format("a.txt", "start\tend\ttext\n0\t1\tHello\n"), "tsv");
    assert_eq!(
        format(
            "a",
            r#"{"text": "Hello", "segments": [], "language": "en"}"#
        ),
        "whisper"
    );
    assert_eq!(format("a.txt", r#"{"text": "Hello"}"#), "json");
    assert_eq!(format("a.txt", r#"{"text": "Hello""#), "txt");
    assert_eq!(format("a.srt", "  \n"), "txt");
}

#[test]
fn silence_is_a_transcript_without_text() {
    for (name, text) in [
        (
            "a.json",
            r#"{"text": "", "segments": [], "language": "en"}"#,
        ),
        ("a.vtt", "WEBVTT\n\n"),
        ("a.tsv", "start\tend\ttext\n"),
        ("a.txt", "\n"),
    ] {
        let (_, transcript) = parse(name, text.as_bytes()).unwrap();
        assert_eq!(
            (transcript.text.as_str(), transcript.word_count()),
            ("", 0),
            "{name}"
        );
        assert!(transcript.segments.is_empty());
    }
}
