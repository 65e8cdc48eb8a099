//! Plugins that cannot bear bad input, or say too much or too little.

use std::time::Duration;

use datalake_core::config::{ConfigValue, Item, Json, Reader};
use datalake_core::{
    Context, Line, Origin, Paths, Recognised, Reject, Result, Sample, Secret, Section, Sniffed,
};

use crate::model::{Cursor, LogConfig, Out, Parts, plugin, source};

/// Knows only good text.
struct PanicsOnUtf8;

impl Parts for PanicsOnUtf8 {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    #[expect(clippy::unwrap_used, reason = "that is what is wrong with it")]
    fn text<'a>(&self, line: &Line<'a>) -> std::result::Result<&'a str, Reject> {
        Ok(std::str::from_utf8(line.bytes).unwrap())
    }
}

plugin!("panics-on-utf8", source::<PanicsOnUtf8>);

/// Never ends where a line has a NUL.
struct Hangs;

impl Parts for Hangs {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn text<'a>(&self, line: &Line<'a>) -> std::result::Result<&'a str, Reject> {
        while line.bytes.contains(&0) {
            std::thread::sleep(Duration::from_millis(20));
        }
        line.text()
    }
}

plugin!("hangs", source::<Hangs>);

/// Passes over what it does not understand.
struct DropsSilently;

impl Parts for DropsSilently {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn reject(&self, _: Origin, _: Reject, _: &Line<'_>, _: &mut Out<'_>) {}
}

plugin!("drops-silently", source::<DropsSilently>);

/// Does not say where a bad line stands.
struct NoPlace;

impl Parts for NoPlace {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn reject(&self, _: Origin, why: Reject, line: &Line<'_>, out: &mut Out<'_>) {
        out.reject(Origin::default(), why, Sample::of(line.bytes));
    }
}

plugin!("no-place", source::<NoPlace>);

/// Counts each bad line twice.
struct CountsTwice;

impl Parts for CountsTwice {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn reject(&self, at: Origin, why: Reject, line: &Line<'_>, out: &mut Out<'_>) {
        out.reject(at.clone(), why.clone(), Sample::of(line.bytes));
        out.reject(at, why, Sample::of(line.bytes));
    }
}

plugin!("counts-twice", source::<CountsTwice>);

/// Tells its token to the log.
struct TellsItsSecret(Secret);

impl Parts for TellsItsSecret {
    fn new(config: &LogConfig) -> Self {
        Self(config.token.clone())
    }

    fn line(
        &self,
        cx: &Context,
        line: &Line<'_>,
        from: &mut Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        tracing::debug!(token = self.0.reveal(), "opening the door");
        Plain.line(cx, line, from, out)
    }
}

struct Plain;

impl Parts for Plain {
    fn new(_: &LogConfig) -> Self {
        Self
    }
}

plugin!("tells-its-secret", source::<TellsItsSecret>);

datalake_core::config! {
    /// Has a key without words.
    struct Wordless {
        /// Files or folders with `*.log` files.
        path: Paths = ["~/logs"],
        token: Option<Secret>,
    }
}

plugin!("undocumented", Wordless, |section: &mut Section| {
    let config = Wordless::from_section(section)?;
    same(&config.path, config.token)
});

/// Makes the plugin of another configuration.
fn same(path: &Paths, token: Option<Secret>) -> Option<std::sync::Arc<dyn datalake_core::Source>> {
    let token = token.unwrap_or_else(|| Secret::new("none"));
    let path = path.to_toml()?;
    let mut section = Section::from_text(&format!("path = {path}\ntoken = {:?}\n", token.reveal()));
    source::<Plain>(&mut section)
}

/// Takes whatever is written.
#[derive(Debug, Clone)]
struct Anything;

impl ConfigValue for Anything {
    fn kind() -> String {
        String::from("anything")
    }

    fn schema() -> Json {
        Json::Bool(true)
    }

    fn read(_: &Item, _: &mut Reader<'_>) -> Option<Self> {
        Some(Self)
    }

    fn to_toml(&self) -> Option<String> {
        Some(String::from("\"anything\""))
    }
}

datalake_core::config! {
    /// Has a key that takes anything.
    struct Careless {
        /// Files or folders with `*.log` files.
        path: Paths = ["~/logs"],
        /// What opens the door.
        token: Option<Secret>,
        /// Whatever you like.
        mood: Anything = "anything",
    }
}

plugin!("takes-anything", Careless, |section: &mut Section| {
    let config = Careless::from_section(section)?;
    same(&config.path, config.token)
});

datalake_core::config! {
    /// Has a token that everybody may see.
    struct OpenToken {
        /// Files or folders with `*.log` files.
        path: Paths = ["~/logs"],
        /// What opens the door.
        token: String = "none",
    }
}

plugin!("open-token", OpenToken, |section: &mut Section| {
    let config = OpenToken::from_section(section)?;
    same(&config.path, Some(Secret::new(config.token)))
});

/// Knows none of its own files.
fn knows_none(_: &Sniffed<'_>) -> Recognised {
    Recognised::No
}

plugin!("knows-none", LogConfig, knows_none, source::<Plain>);

/// Takes the year for granted.
fn looks_too_far(file: &Sniffed<'_>) -> Recognised {
    match &file.head[..4] {
        b"2025" | b"2026" => Recognised::Content,
        _ => Recognised::No,
    }
}

plugin!("looks-too-far", LogConfig, looks_too_far, source::<Plain>);
