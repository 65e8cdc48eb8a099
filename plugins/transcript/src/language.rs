//! Languages by their codes and English names: recognisers name them in either way.

/// ISO 639-1 (where there is none, 639-3), ISO 639-3, and the English name: the languages that Whisper knows,
/// and some that only subtitles come in. <https://github.com/openai/whisper/blob/main/whisper/tokenizer.py>
const LANGUAGES: &[(&str, &str, &str)] = &[
    ("af", "afr", "afrikaans"),
    ("am", "amh", "amharic"),
    ("ar", "ara", "arabic"),
    ("as", "asm", "assamese"),
    ("az", "aze", "azerbaijani"),
    ("ba", "bak", "bashkir"),
    ("be", "bel", "belarusian"),
    ("bg", "bul", "bulgarian"),
    ("bn", "ben", "bengali"),
    ("bo", "bod", "tibetan"),
    ("br", "bre", "breton"),
    ("bs", "bos", "bosnian"),
    ("ca", "cat", "catalan"),
    ("cs", "ces", "czech"),
    ("cy", "cym", "welsh"),
    ("da", "dan", "danish"),
    ("de", "deu", "german"),
    ("el", "ell", "greek"),
    ("en", "eng", "english"),
    ("eo", "epo", "esperanto"),
    ("es", "spa", "spanish"),
    ("et", "est", "estonian"),
    ("eu", "eus", "basque"),
    ("fa", "fas", "persian"),
    ("fi", "fin", "finnish"),
    ("fil", "fil", "filipino"),
    ("fo", "fao", "faroese"),
    ("fr", "fra", "french"),
    ("ga", "gle", "irish"),
    ("gl", "glg", "galician"),
    ("gu", "guj", "gujarati"),
    ("ha", "hau", "hausa"),
    ("haw", "haw", "hawaiian"),
    ("he", "heb", "hebrew"),
    ("hi", "hin", "hindi"),
    ("hr", "hrv", "croatian"),
    ("ht", "hat", "haitian creole"),
    ("hu", "hun", "hungarian"),
    ("hy", "hye", "armenian"),
    ("id", "ind", "indonesian"),
    ("is", "isl", "icelandic"),
    ("it", "ita", "italian"),
    ("ja", "jpn", "japanese"),
    ("jv", "jav", "javanese"),
    ("ka", "kat", "georgian"),
    ("kk", "kaz", "kazakh"),
    ("km", "khm", "khmer"),
    ("kn", "kan", "kannada"),
    ("ko", "kor", "korean"),
    ("ku", "kur", "kurdish"),
    ("ky", "kir", "kyrgyz"),
    ("la", "lat", "latin"),
    ("lb", "ltz", "luxembourgish"),
    ("ln", "lin", "lingala"),
    ("lo", "lao", "lao"),
    ("lt", "lit", "lithuanian"),
    ("lv", "lav", "latvian"),
    ("mg", "mlg", "malagasy"),
    ("mi", "mri", "maori"),
    ("mk", "mkd", "macedonian"),
    ("ml", "mal", "malayalam"),
    ("mn", "mon", "mongolian"),
    ("mr", "mar", "marathi"),
    ("ms", "msa", "malay"),
    ("mt", "mlt", "maltese"),
    ("my", "mya", "myanmar"),
    ("nb", "nob", "bokmål"),
    ("ne", "nep", "nepali"),
    ("nl", "nld", "dutch"),
    ("nn", "nno", "nynorsk"),
    ("no", "nor", "norwegian"),
    ("oc", "oci", "occitan"),
    ("pa", "pan", "punjabi"),
    ("pl", "pol", "polish"),
    ("ps", "pus", "pashto"),
    ("pt", "por", "portuguese"),
    ("ro", "ron", "romanian"),
    ("ru", "rus", "russian"),
    ("sa", "san", "sanskrit"),
    ("sd", "snd", "sindhi"),
    ("si", "sin", "sinhala"),
    ("sk", "slk", "slovak"),
    ("sl", "slv", "slovenian"),
    ("sn", "sna", "shona"),
    ("so", "som", "somali"),
    ("sq", "sqi", "albanian"),
    ("sr", "srp", "serbian"),
    ("su", "sun", "sundanese"),
    ("sv", "swe", "swedish"),
    ("sw", "swa", "swahili"),
    ("ta", "tam", "tamil"),
    ("te", "tel", "telugu"),
    ("tg", "tgk", "tajik"),
    ("th", "tha", "thai"),
    ("tk", "tuk", "turkmen"),
    ("tl", "tgl", "tagalog"),
    ("tr", "tur", "turkish"),
    ("tt", "tat", "tatar"),
    ("uk", "ukr", "ukrainian"),
    ("ur", "urd", "urdu"),
    ("uz", "uzb", "uzbek"),
    ("vi", "vie", "vietnamese"),
    ("yi", "yid", "yiddish"),
    ("yo", "yor", "yoruba"),
    ("yue", "yue", "cantonese"),
    ("zh", "zho", "chinese"),
    ("zu", "zul", "zulu"),
];

/// Other codes and names of the same languages: ISO 639-2/B, withdrawn codes, Whisper's own.
const OTHERS: &[(&str, &str)] = &[
    ("alb", "sq"),
    ("arm", "hy"),
    ("baq", "eu"),
    ("bur", "my"),
    ("burmese", "my"),
    ("castilian", "es"),
    ("chi", "zh"),
    ("cmn", "zh"),
    ("cze", "cs"),
    ("dut", "nl"),
    ("flemish", "nl"),
    ("fre", "fr"),
    ("geo", "ka"),
    ("ger", "de"),
    ("gre", "el"),
    ("haitian", "ht"),
    ("ice", "is"),
    ("in", "id"),
    ("iw", "he"),
    ("jw", "jv"),
    ("letzeburgesch", "lb"),
    ("mac", "mk"),
    ("mandarin", "zh"),
    ("mao", "mi"),
    ("may", "ms"),
    ("moldavian", "ro"),
    ("moldovan", "ro"),
    ("panjabi", "pa"),
    ("per", "fa"),
    ("pushto", "ps"),
    ("rum", "ro"),
    ("sinhalese", "si"),
    ("slo", "sk"),
    ("tib", "bo"),
    ("valencian", "ca"),
    ("wel", "cy"),
];

/// Whether it is one by its English name, as OpenAI's interface has it, and not by its code.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() > 3 && !text.contains(['-', '_']) && language(text).is_some()
}

/// The code of a language by any of its codes and names, with script and region as BCP 47 writes them: `en`,
/// `pt-BR`, `zh-Hans`. A code that nobody knows here stays; a name that nobody knows is none.
pub(crate) fn code(text: &str) -> Option<String> {
    let text = text.trim();
    let mut parts = text.split(['-', '_']);
    let first = parts.next()?;
    let known = language(text).or_else(|| language(first));
    let mut code = match known {
        Some(code) => code.to_owned(),
        None if is_short_word(first) => first.to_ascii_lowercase(),
        None => return None,
    };
    for part in parts.take(2) {
        let part = subtag(part)?;
        code.push('-');
        code.push_str(&part);
    }
    Some(code)
}

/// The language that the last part of a name says: `en`, `en-US`, `pt_BR`, `zh-Hans`; also `en-orig`, as
/// captions that were not translated are called. Only known codes in lower case: other short words are words.
pub(crate) fn of_suffix(suffix: &str) -> Option<String> {
    let suffix = suffix.strip_suffix("-orig").unwrap_or(suffix);
    let first = suffix.split(['-', '_']).next()?;
    let is_code =
        (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_code || language(first).is_none() {
        return None;
    }
    code(suffix)
}

fn is_short_word(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// A script such as `Hans` or a region such as `US` or `419`.
fn subtag(text: &str) -> Option<String> {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        2 if letters => Some(text.to_ascii_uppercase()),
        3 if digits => Some(text.to_owned()),
        4 if letters => {
            let (first, rest) = text.split_at(1);
            Some(first.to_ascii_uppercase() + &rest.to_ascii_lowercase())
        }
        _ => None,
    }
}

/// The code of a language by one of its codes or its name.
fn language(text: &str) -> Option<&'static str> {
    let is = |name: &str| name.eq_ignore_ascii_case(text);
    let known = LANGUAGES
        .iter()
        .find(|(code, code3, name)| is(code) || is(code3) || is(name));
    let other = || OTHERS.iter().find(|(name, _)| is(name));
    known
        .map(|(code, ..)| *code)
        .or_else(|| other().map(|(_, code)| *code))
}

/// The language without script and region, for comparing.
pub(crate) fn base(code: &str) -> &str {
    code.split('-').next().unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_of_all_kinds() {
        let pairs = [
            ("en", "en"),
            ("EN", "en"),
            ("english", "en"),
            ("English", "en"),
            ("eng", "en"),
            ("en_us", "en-US"),
            ("en-US", "en-US"),
            ("zh-hans", "zh-Hans"),
            ("zh-Hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("ger", "de"),
            ("haitian creole", "ht"),
            ("jw", "jv"),
            ("cmn", "zh"),
            (" fr ", "fr"),
            ("xx", "xx"),
        ];
        for (text, expected) in pairs {
            assert_eq!(code(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "klingon",
            "e",
            "en-",
            "en--US",
            "12",
            "en-united states",
            "…",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_told_from_codes() {
        assert!(is_name("english") && is_name("Haitian Creole"));
        assert!(!is_name("en") && !is_name("eng") && !is_name("en-US") && !is_name("tamilish"));
    }

    #[test]
    fn only_known_codes_are_suffixes() {
        let of = |suffix: &str| of_suffix(suffix);
        assert_eq!(of("en").as_deref(), Some("en"));
        assert_eq!(of("en-US").as_deref(), Some("en-US"));
        assert_eq!(of("pt_br").as_deref(), Some("pt-BR"));
        assert_eq!(of("en-orig").as_deref(), Some("en"));
        assert_eq!(of("deu").as_deref(), Some("de"));
        for word in [
            "2", "10", "EN", "No", "english", "xx", "wav", "the", "en-", "", "en-x-y-z",
        ] {
            assert_eq!(of(word), None, "{word}");
        }
    }

    #[test]
    fn each_code_is_said_once() {
        let mut codes: Vec<&str> = LANGUAGES.iter().map(|(code, ..)| *code).collect();
        codes.extend(OTHERS.iter().map(|(other, _)| *other));
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert!(OTHERS.iter().all(|(_, code)| language(code) == Some(code)));
    }
}
