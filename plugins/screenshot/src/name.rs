//! What names of screenshots say besides the time: telephones write the program that was on the screen.

/// So many digits has a time down to the second.
const DIGITS: usize = 14;

/// The program in a name such as `Screenshot_20260110_120000_Samsung Notes.jpg` or
/// `Screenshot_2026-01-10-12-00-00-123_com.android.chrome.jpg`.
pub(crate) fn app(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("Screenshot_")?;
    let rest = rest.rsplit_once('.').map_or(rest, |(stem, _)| stem);
    let start = rest.find(|letter: char| !(letter.is_ascii_digit() || "-_".contains(letter)))?;
    let (time, app) = rest.split_at(start);
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    let app = without_number(app).trim();
    let named = app.starts_with(char::is_alphabetic) && time.ends_with('_');
    (named && digits >= DIGITS).then_some(app)
}

/// A name without the number that a copy has at its end: `~2`, `(2)`.
fn without_number(name: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((name, number)) = name.rsplit_once('~')
        && digits(number)
    {
        return name;
    }
    match name
        .strip_suffix(')')
        .and_then(|name| name.rsplit_once('('))
    {
        Some((name, number)) if digits(number) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_in_names() {
        for (name, expected) in [
            ("Screenshot_20260110_120000_Firefox.png", Some("Firefox")),
            ("Screenshot_20260110-120000_Chrome.png", Some("Chrome")),
            (
                "Screenshot_20260110_120000_One UI Home.jpg",
                Some("One UI Home"),
            ),
            (
                "Screenshot_2026-01-10-12-00-00-123_com.android.chrome.jpg",
                Some("com.android.chrome"),
            ),
            ("Screenshot_20260110_120000_Notes~2.jpg", Some("Notes")),
            ("Screenshot_20260110_120000_Notes (3).jpg", Some("Notes")),
            ("Screenshot_20260110_120000_Карты.jpg", Some("Карты")),
            ("Screenshot_20260110_120000.png", None),
            ("Screenshot_20260110_120000(2).png", None),
            ("Screenshot_20260110_120000 copy.png", None),
            ("Screenshot_Firefox.png", None),
            ("screenshot-2026-01-10_12-00-00.png", None),
            ("Screenshot From 2026-01-10 12-00-00.png", None),
            ("Screenshot_", None),
        ] {
            assert_eq!(app(name), expected, "{name}");
        }
    }
}
