//! "Did you mean": the known name that is nearest to what somebody typed.

/// The nearest of `candidates`, if one is near enough to be meant.
///
/// ```
/// use datalake_core::config::nearest;
/// assert_eq!(nearest("pth", ["device", "path"]), Some("path"));
/// assert_eq!(nearest("colour", ["device", "path"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &&str| is_near(name, candidate);
    by_distance(name, candidates).into_iter().find(near)
}

/// All candidates, nearest first, equally near ones by name.
pub fn by_distance<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let rank = |candidate: &&'a str| (rank(name, candidate), *candidate);
    let mut sorted: Vec<&str> = candidates.into_iter().collect();
    sorted.sort_by_cached_key(rank);
    sorted.dedup();
    sorted
}

/// A hint such as ``did you mean `path`? known keys: path, device``; `what` names the list.
pub fn suggestion<'a>(
    name: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let list = format!("{what}: {}", candidates.join(", "));
    match nearest(name, candidates) {
        Some(near) => format!("did you mean `{near}`? {list}"),
        None => list,
    }
}

/// Names longer than this are no typing mistakes, and would only cost time.
const LONGEST: usize = 64;

fn is_near(name: &str, candidate: &str) -> bool {
    let length = name.chars().count().max(candidate.chars().count());
    distance(name, candidate) <= (length / 3).clamp(1, 3) || is_part(name, candidate)
}

fn rank(name: &str, candidate: &str) -> usize {
    let distance = distance(name, candidate);
    if is_part(name, candidate) {
        distance.min(3)
    } else {
        distance
    }
}

/// `memory` stands for `memory-jsonl`.
fn is_part(name: &str, candidate: &str) -> bool {
    let (name, candidate) = (fold(name), fold(candidate));
    let long_enough = name.len() >= 3;
    long_enough && (candidate.starts_with(&name[..]) || candidate.ends_with(&name[..]))
}

/// Letter case and the choice between `-` and `_` are the most common slips, so they cost nothing.
fn fold(name: &str) -> Vec<char> {
    let fold = |c: char| if c == '_' { '-' } else { c };
    name.chars()
        .flat_map(char::to_lowercase)
        .map(fold)
        .take(LONGEST)
        .collect()
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (fold(left), fold(right));
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = above[j] + usize::from(a != b);
            let mut best = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}
