//! Which recording a transcript is of, from times alone.
//!
//! A streamed recording and its transcript carry the same second in their names. An uploaded one carries the time
//! at which the upload began, its transcript that of its completion; what lies between depends on the size of the
//! upload and on luck. The rule for these:
//!
//! 1. A transcript is no older than its recording, and no more than the window younger.
//! 2. Each has at most one partner, and of two recordings the earlier has the earlier transcript.
//! 3. As many find a partner as can: the gateway writes no transcript without having written its recording.
//! 4. Of what is left, what fits best. It costs to be later than the size explains, to be there before the gateway
//!    could have asked for it, and to have another recording begin meanwhile: dictating goes on after a failure, and
//!    seldom before the last result is there.
//!
//! So a recording that failed keeps no other from its transcript. The limit: a transcript whose recording was deleted
//! before it was ever read takes one that failed shortly before, if there is one.

/// A recording that was not streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Upload {
    /// When the upload began, in seconds.
    pub(crate) at: i64,
    /// How large it is, in bytes.
    pub(crate) size: u64,
}

/// A pair, by the places of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) upload: usize,
    pub(crate) transcript: usize,
}

/// What a result takes besides the upload, in seconds.
const USUAL: i64 = 5;
/// What a slow line uploads, in bytes a second.
const LINE: u64 = 100_000;
/// The gateway first asks for a result after this many seconds.
const FIRST_LOOK: i64 = 2;
/// What it costs to have another recording begin before one's own transcript is there: as much as being two minutes
/// late.
const CROSSED: i64 = 120;
/// What it costs to be there before the first look: more than anything else.
const TOO_EARLY: i64 = 600;
/// So many pairs are weighed in one stretch of time. Where there would be more, no dictation is that dense, each
/// recording gets the first transcript that is left.
const LIMIT: usize = 1 << 20;

/// Pairs uploads with the times of transcripts, both in the order of their times.
pub(crate) fn pair(uploads: &[Upload], transcripts: &[i64], window: i64) -> Vec<Pair> {
    let stretches = Reach::of_each(uploads, transcripts, window);
    let mut pairs = Vec::new();
    let mut rest = &stretches[..];
    while let [first, ..] = rest {
        // A stretch ends where nobody reaches across.
        let mut end = first.end;
        let inside = rest.iter().take_while(|reach| {
            let joins = reach.upload == first.upload || reach.start < end;
            end = end.max(reach.end);
            joins
        });
        let (stretch, behind) = rest.split_at(inside.count());
        rest = behind;
        let possible: usize = stretch.iter().map(|reach| reach.end - reach.start).sum();
        let weigh = |pair| cost(uploads, transcripts, pair);
        match possible > LIMIT {
            true => in_order(stretch, &mut pairs),
            false => weighed(stretch, weigh, &mut pairs),
        }
    }
    pairs
}

/// The transcripts that an upload can have: those from `start` on, before `end`.
#[derive(Debug, Clone, Copy)]
struct Reach {
    upload: usize,
    start: usize,
    end: usize,
}

impl Reach {
    /// Of each upload that reaches any. Neither start nor end ever goes back.
    fn of_each(uploads: &[Upload], transcripts: &[i64], window: i64) -> Vec<Self> {
        let (mut start, mut end) = (0, 0);
        let reach = uploads.iter().enumerate().map(|(upload, audio)| {
            let until = |from: usize, limit: i64| {
                let rest = transcripts[from..].iter();
                from + rest.take_while(|time| **time < limit).count()
            };
            start = until(start, audio.at);
            end = until(
                end.max(start),
                audio.at.saturating_add(window).saturating_add(1),
            );
            Self { upload, start, end }
        });
        reach.filter(|reach| reach.start < reach.end).collect()
    }
}

/// How badly a pair fits; in thousandths of a second of being late, so that the shorter wait decides between those
/// that fit as well.
fn cost(uploads: &[Upload], transcripts: &[i64], pair: Pair) -> i64 {
    let (audio, time) = (uploads[pair.upload], transcripts[pair.transcript]);
    let wait = time - audio.at;
    let explained = USUAL.saturating_add_unsigned(audio.size / LINE);
    let late = wait.saturating_sub(explained).max(0);
    let early = i64::from(wait < FIRST_LOOK) * TOO_EARLY;
    // Those of the same second began with it, not meanwhile.
    let after = uploads[pair.upload..].partition_point(|other| other.at <= audio.at);
    let next = uploads.get(pair.upload + after);
    let crossed = i64::from(next.is_some_and(|next| next.at < time)) * CROSSED;
    (late + early + crossed) * 1000 + wait
}

/// Each upload gets the first transcript that is left.
fn in_order(stretch: &[Reach], pairs: &mut Vec<Pair>) {
    let mut free = 0;
    for reach in stretch {
        let transcript = reach.start.max(free);
        if transcript < reach.end {
            pairs.push(Pair {
                upload: reach.upload,
                transcript,
            });
            free = transcript + 1;
        }
    }
}

/// What a choice of pairs is worth: more pairs, then less cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Worth {
    pairs: u32,
    saved: i64,
}

impl Worth {
    fn with(self, cost: i64) -> Self {
        Self {
            pairs: self.pairs + 1,
            saved: self.saved - cost,
        }
    }
}

/// The best for the uploads up to one, by how many of its transcripts may be used.
struct Row {
    reach: Reach,
    best: Vec<Worth>,
}

impl Row {
    /// The best where only the transcripts before `end` may be used. From where this row begins on.
    fn before(&self, end: usize) -> Worth {
        self.best[(end - self.reach.start).min(self.best.len() - 1)]
    }
}

/// Finds the best choice of one stretch: for each upload in turn, the best with the transcripts up to each.
fn weighed(stretch: &[Reach], cost: impl Fn(Pair) -> i64, pairs: &mut Vec<Pair>) {
    let mut rows: Vec<Row> = Vec::with_capacity(stretch.len());
    let before = |row: Option<&Row>, end| row.map_or(Worth::default(), |row| row.before(end));
    for &reach in stretch {
        let above = rows.last();
        let mut best = vec![before(above, reach.start)];
        for transcript in reach.start..reach.end {
            let upload = reach.upload;
            let paired = before(above, transcript).with(cost(Pair { upload, transcript }));
            let unused = best[transcript - reach.start];
            best.push(paired.max(unused).max(before(above, transcript + 1)));
        }
        rows.push(Row { reach, best });
    }
    // Back from the end: what is as good without an upload, or without a transcript, does without.
    let first = pairs.len();
    let mut end = usize::MAX;
    while let Some(Row { reach, best }) = rows.pop() {
        end = end.min(reach.end);
        let here = |end: usize| best[end - reach.start];
        if here(end) == before(rows.last(), end) {
            continue;
        }
        while here(end - 1) == here(end) {
            end -= 1;
        }
        end -= 1;
        pairs.push(Pair {
            upload: reach.upload,
            transcript: end,
        });
    }
    pairs[first..].reverse();
}

#[cfg(test)]
mod tests;
