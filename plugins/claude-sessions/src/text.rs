//! What a message says: its text, its thinking, what tools were given and answered, within bounds.

use std::borrow::Cow;

use crate::line::{Block, Entry, Output, Source};

/// What is taken out of a message's content.
#[derive(Debug, Default)]
pub(crate) struct Said<'a> {
    pub(crate) text: Joined<'a>,
    pub(crate) thinking: Joined<'a>,
    pub(crate) tools: String,
    pub(crate) images: Vec<&'a Source<'a>>,
    pub(crate) tool_uses: i64,
    pub(crate) tool_results: i64,
    /// The first tool that is called.
    pub(crate) tool: Option<&'a str>,
    pub(crate) has_failed: bool,
}

/// Texts with an empty line between them; a single one is not copied.
#[derive(Debug, Default)]
pub(crate) struct Joined<'a>(Option<Cow<'a, str>>);

impl<'a> Joined<'a> {
    fn add(&mut self, text: Option<&'a str>) {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return;
        };
        match &mut self.0 {
            Some(all) => {
                let all = all.to_mut();
                all.push_str("\n\n");
                all.push_str(text);
            }
            None => self.0 = Some(Cow::Borrowed(text)),
        }
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(crate) fn take(&mut self) -> Option<Cow<'a, str>> {
        self.0.take()
    }
}

impl<'a> Said<'a> {
    /// What a line says; of inputs and outputs of tools `limit` bytes each.
    pub(crate) fn of(entry: &'a Entry<'_>, limit: usize) -> Self {
        let mut said = Self::default();
        for block in &entry.message.0.content.0 {
            said.block(block, limit);
        }
        said.text.add(entry.content.get());
        for block in &entry.attachment.prompt.0 {
            said.block(block, limit);
        }
        said
    }

    fn block(&mut self, block: &'a Block<'_>, limit: usize) {
        match block.kind.get() {
            Some("text") | None => self.text.add(block.text.get()),
            Some("thinking") => self.thinking.add(block.thinking.get()),
            Some("image" | "document") => match block.source.text() {
                Some(text) => self.text.add(Some(text)),
                None => self.images.push(&block.source),
            },
            Some("tool_use" | "server_tool_use") => {
                self.tool_uses += 1;
                self.tool = self.tool.or(block.name.get());
                let input = block.input.map_or("", |input| input.get());
                self.tool_text(block.name.get(), input, limit);
            }
            Some("tool_result" | "web_search_tool_result") => {
                self.tool_results += 1;
                self.has_failed |= block.is_error.0;
                self.output(&block.content, limit);
            }
            Some(_) => self.text.add(block.text.get()),
        }
    }

    fn output(&mut self, output: &'a Output<'_>, limit: usize) {
        let mut left = limit;
        for piece in &output.0 {
            let document = piece.source.text();
            if piece.source.data.get().is_some() && document.is_none() {
                self.images.push(&piece.source);
            }
            if let Some(text) = piece.text.get().or(document) {
                self.tool_text(None, text, left);
                left = left.saturating_sub(text.len());
            }
        }
    }

    fn tool_text(&mut self, name: Option<&str>, text: &str, limit: usize) {
        let text = cut(text, limit);
        if name.is_none() && text.trim().is_empty() {
            return;
        }
        if !self.tools.is_empty() {
            self.tools.push('\n');
        }
        if let Some(name) = name {
            self.tools.push_str(name);
            self.tools.push(' ');
        }
        self.tools.push_str(text);
    }
}

/// The start of a text, at most `limit` bytes of it.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// How a text begins that a person has not written, or that says nothing of what a session is about.
const NO_PROMPTS: [&str; 9] = [
    "<command-",
    "<local-command-",
    "<system-reminder>",
    "<task-notification>",
    "<bash-",
    "<user-memory-input>",
    "Caveat:",
    "[Request interrupted",
    "This session is being continued",
];

/// Whether a text can stand for the session that it begins.
pub(crate) fn is_prompt(text: &str) -> bool {
    let text = text.trim_start();
    !text.is_empty() && !NO_PROMPTS.iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Object;

    fn said(json: &str) -> (String, String, String, usize) {
        let Object(entry) = serde_json::from_str(json).unwrap();
        let said = Said::of(&entry, 10);
        let owned = |text: &Joined<'_>| text.get().unwrap_or("-").to_owned();
        (
            owned(&said.text),
            owned(&said.thinking),
            said.tools.clone(),
            said.images.len(),
        )
    }

    #[test]
    fn whatever_the_shape() {
        let text = |json| said(json).0;
        assert_eq!(text(r#"{"message":"a"}"#), "a");
        assert_eq!(text(r#"{"message":{"content":"a"}}"#), "a");
        assert_eq!(
            text(r#"{"message":{"content":["a",{"type":"text","text":"b"},{"text":"c"},7]}}"#),
            "a\n\nb\n\nc"
        );
        assert_eq!(text(r#"{"message":{"content":{"type":"text"}}}"#), "-");
        assert_eq!(text(r#"{"content":"steering"}"#), "steering");
        assert_eq!(
            text(r#"{"attachment":{"type":"queued_command","prompt":"do it"}}"#),
            "do it"
        );
        assert_eq!(
            text(
                r#"{"attachment":{"prompt":[{"type":"text","text":"do"},{"type":"image","source":{"data":""}},"it"]}}"#
            ),
            "do\n\nit"
        );
        let document = r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"all of it"}}"#;
        let said = said(&format!(
            r#"{{"message":{{"content":[{document},{{"type":"tool_result","content":[{document}]}}]}}}}"#
        ));
        assert_eq!(
            (said.0.as_str(), said.2.as_str(), said.3),
            ("all of it", "all of it", 0)
        );
    }

    #[test]
    fn tools_are_bounded() {
        let (text, thinking, tools, images) = said(
            r#"{"message":{"content":[{"type":"thinking","thinking":"hm"},
            {"type":"tool_use","name":"Bash","input":{"command":"ls -la"}},
            {"type":"tool_result","content":[{"type":"text","text":"ééééééé"},{"type":"image","source":{"data":"aGk="}}]},
            {"type":"tool_result","content":"ok"}]}}"#,
        );
        assert_eq!((text.as_str(), thinking.as_str(), images), ("-", "hm", 1));
        assert_eq!(tools, "Bash {\"command\"\nééééé\nok");
    }

    #[test]
    fn prompts() {
        assert!(is_prompt("Fix the build"));
        for text in [
            "",
            "  ",
            "<command-name>/clear",
            "\n<system-reminder>x",
            "[Request interrupted by user]",
            "Caveat: The",
        ] {
            assert!(!is_prompt(text), "{text}");
        }
    }
}
