//! Name patterns: `*`, `?` and `**/`, and nothing more. Small enough that nobody has to learn it.

/// A name pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    parts: Vec<Part>,
    /// Whether it is about the path below the root and not about the name alone.
    whole_path: bool,
}

/// One folder or the file name of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// `**`: any number of folders, also none.
    Folders,
    /// A name with `*` and `?` in it.
    Name(Vec<char>),
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        let path = pattern.trim_start_matches("./").trim_start_matches('/');
        let part = |part: &str| match part {
            "**" => Part::Folders,
            name => Part::Name(name.chars().collect()),
        };
        Self {
            parts: path.split('/').map(part).collect(),
            whole_path: pattern.contains('/'),
        }
    }

    /// Whether a file with this path below the root is meant.
    pub(crate) fn matches(&self, path: &str, ignore_case: bool) -> bool {
        if let ([Part::Name(pattern)], false) = (&*self.parts, self.whole_path) {
            let name = path.rsplit('/').next().unwrap_or(path);
            return name_matches(pattern, name, ignore_case);
        }
        let path = if self.whole_path {
            path
        } else {
            path.rsplit('/').next().unwrap_or(path)
        };
        let names: Vec<&str> = path.split('/').collect();
        parts_match(&self.parts, &names, ignore_case)
    }

    /// Whether it names something, and does not just take everything: only then is a folder of that
    /// name surprising.
    pub(crate) fn is_telling(&self) -> bool {
        match self.parts.last() {
            Some(Part::Name(name)) => name.iter().any(|letter| !matches!(letter, '*' | '?')),
            _ => false,
        }
    }
}

fn parts_match(parts: &[Part], names: &[&str], ignore_case: bool) -> bool {
    match (parts.first(), names.first()) {
        (None, None) => true,
        (Some(Part::Folders), None) => parts_match(&parts[1..], names, ignore_case),
        (Some(Part::Folders), Some(_)) => {
            parts_match(&parts[1..], names, ignore_case)
                || parts_match(parts, &names[1..], ignore_case)
        }
        (Some(Part::Name(pattern)), Some(name)) => {
            name_matches(pattern, name, ignore_case)
                && parts_match(&parts[1..], &names[1..], ignore_case)
        }
        _ => false,
    }
}

/// Goes back only to the last `*`, so that no pattern takes more than pattern times name steps.
fn name_matches(pattern: &[char], name: &str, ignore_case: bool) -> bool {
    let (mut at, mut rest) = (0, name.chars());
    let mut star = None;
    loop {
        let here = rest.clone();
        let Some(letter) = rest.next() else {
            return pattern[at..].iter().all(|letter| *letter == '*');
        };
        match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, here.clone()));
                (at, rest) = (at + 1, here);
            }
            Some(wanted) if *wanted == '?' || same(*wanted, letter, ignore_case) => at += 1,
            _ => {
                let Some((behind, taken)) = &mut star else {
                    return false;
                };
                taken.next();
                (at, rest) = (*behind, taken.clone());
            }
        }
    }
}

fn same(left: char, right: char, ignore_case: bool) -> bool {
    left == right || (ignore_case && left.to_lowercase().eq(right.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Glob::new(pattern).matches(path, false)
    }

    #[test]
    fn names_in_any_folder() {
        assert!(matches("metrics*.jsonl", "metrics.jsonl"));
        assert!(matches("metrics*.jsonl", "old/deep/metrics-2026.jsonl"));
        assert!(!matches("metrics*.jsonl", "metrics.jsonl.1") && !matches("*.wav", "a.wave"));
        assert!(matches("?.txt", "ä.txt") && !matches("?.txt", "ab.txt"));
        assert!(matches("*", "x") && matches("a*b*c", "a1b2b3c") && !matches("a*b*c", "a1b2"));
    }

    #[test]
    fn paths_below_the_root() {
        assert!(matches("**/x.jsonl", "x.jsonl") && matches("**/x.jsonl", "a/b/x.jsonl"));
        assert!(
            matches("a/*/c", "a/b/c")
                && !matches("a/*/c", "a/b/b/c")
                && !matches("a/*/c", "x/a/b/c")
        );
        assert!(matches("a/**/c", "a/c") && matches("a/**", "a/b/c") && !matches("a/**", "b"));
        assert!(matches("./a.txt", "a.txt") && !matches("./a.txt", "b/a.txt"));
    }

    #[test]
    fn case_is_the_callers_choice() {
        assert!(Glob::new("*.WAV").matches("a.wav", true));
        assert!(!Glob::new("*.WAV").matches("a.wav", false));
    }

    #[test]
    fn a_hostile_name_costs_little() {
        let pattern = "*a".repeat(50) + "b";
        assert!(!matches(&pattern, &"a".repeat(20_000)));
    }

    #[test]
    fn which_patterns_tell_something() {
        assert!(Glob::new("*.jsonl").is_telling() && Glob::new("**/x").is_telling());
        assert!(!Glob::new("*").is_telling() && !Glob::new("a/**").is_telling());
    }
}
