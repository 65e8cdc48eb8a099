//! One line of a log, parsed once: the fields that mean something to us, borrowed from the line.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{Amount, Count, Flag, Lenient, Moment, Text, lenient, object, only_object};

object! {
    /// What a line can say.
    struct Entry<'a> {
        kind: Text<'a> = "type",
        subtype: Text<'a> = "subtype",
        uuid: Text<'a> = "uuid",
        parent: Text<'a> = "parentUuid",
        logical_parent: Text<'a> = "logicalParentUuid",
        session: Text<'a> = "sessionId",
        timestamp: Moment<'a> = "timestamp",
        is_sidechain: Flag = "isSidechain",
        is_meta: Flag = "isMeta",
        is_compact_summary: Flag = "isCompactSummary",
        is_api_error: Flag = "isApiErrorMessage",
        user_type: Text<'a> = "userType",
        cwd: Text<'a> = "cwd",
        version: Text<'a> = "version",
        git_branch: Text<'a> = "gitBranch",
        agent: Text<'a> = "agentId",
        request: Text<'a> = "requestId",
        cost: Amount = "costUSD",
        message: Message<'a> = "message",
        content: Text<'a> = "content",
        todos: Option<&'a RawValue> = "todos",
        tool_result: ToolResult<'a> = "toolUseResult",
        attachment: Attachment<'a> = "attachment",
        data: Progress<'a> = "data",
        parent_tool_use: Text<'a> = "parentToolUseID",
        forked_from: Fork<'a> = "forkedFrom",
        summary: Text<'a> = "summary",
        leaf: Text<'a> = "leafUuid",
        custom_title: Text<'a> = "customTitle",
        ai_title: Text<'a> = "aiTitle",
        agent_name: Text<'a> = "agentName",
        tag: Text<'a> = "tag",
        last_prompt: Text<'a> = "lastPrompt",
        pr_url: Text<'a> = "prUrl",
        continued_in: Text<'a> = "continuedInSessionId",
        relocated: Text<'a> = "relocatedCwd",
        teleported_from: Text<'a> = "teleportedFromSessionId",
        model_usage: Option<&'a RawValue> = "modelUsage",
        key: Text<'a> = "key",
        result: Option<&'a RawValue> = "result",
        display: Text<'a> = "display",
        project: Text<'a> = "project",
        pasted: Option<&'a RawValue> = "pastedContents",
    }
}
only_object!(Entry);

object! {
    /// What was said, and what it cost.
    struct MessageFields<'a> {
        id: Text<'a> = "id",
        role: Text<'a> = "role",
        model: Text<'a> = "model",
        content: Content<'a> = "content",
        usage: Option<Usage<'a>> = "usage",
        stop_reason: Text<'a> = "stop_reason",
    }
}

/// A message: an object, or just a text; whether it is a text.
#[derive(Debug, Default)]
pub(crate) struct Message<'a>(pub(crate) MessageFields<'a>, pub(crate) bool);

impl<'de> Lenient<'de> for Message<'de> {
    fn text(text: Cow<'de, str>) -> Self {
        let fields = MessageFields {
            content: Content::text(text),
            ..MessageFields::default()
        };
        Self(fields, true)
    }
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        MessageFields::fields(map).map(|fields| Self(fields, false))
    }
}
lenient!(Message);

/// The content of a message or of a tool's result: a text, or a list of blocks.
#[derive(Debug, Default)]
pub(crate) struct Content<'a>(pub(crate) Vec<Block<'a>>);

impl<'de> Lenient<'de> for Content<'de> {
    fn text(text: Cow<'de, str>) -> Self {
        Self(vec![Lenient::text(text)])
    }
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut blocks = Vec::new();
        while let Some(block) = list.next_element()? {
            blocks.push(block);
        }
        Ok(Self(blocks))
    }
}
lenient!(Content);

object! {
    /// A block of a message, of whatever sort.
    struct Block<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text",
        thinking: Text<'a> = "thinking",
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        input: Option<&'a RawValue> = "input",
        tool_use: Text<'a> = "tool_use_id",
        content: Output<'a> = "content",
        is_error: Flag = "is_error",
        source: Source<'a> = "source",
    }
}

impl<'de> Lenient<'de> for Block<'de> {
    fn text(text: Cow<'de, str>) -> Self {
        Self {
            kind: Text(Some(Cow::Borrowed("text"))),
            text: Text(Some(text)),
            ..Self::default()
        }
    }
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Self::fields(map)
    }
}
lenient!(Block);

/// What a tool answered: a text, or a list of pieces. Pieces have no further pieces.
#[derive(Debug, Default)]
pub(crate) struct Output<'a>(pub(crate) Vec<Piece<'a>>);

impl<'de> Lenient<'de> for Output<'de> {
    fn text(text: Cow<'de, str>) -> Self {
        Self(vec![Piece {
            text: Text(Some(text)),
            ..Piece::default()
        }])
    }
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut pieces = Vec::new();
        while let Some(piece) = list.next_element()? {
            pieces.push(piece);
        }
        Ok(Self(pieces))
    }
}
lenient!(Output);

object! {
    /// A piece of what a tool answered.
    struct Piece<'a> {
        text: Text<'a> = "text",
        source: Source<'a> = "source",
    }
}

impl<'de> Lenient<'de> for Piece<'de> {
    fn text(text: Cow<'de, str>) -> Self {
        Self {
            text: Text(Some(text)),
            ..Self::default()
        }
    }
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Self::fields(map)
    }
}
lenient!(Piece);

object! {
    /// Where a picture or a document is: in the line, as base64 or as text.
    struct Source<'a> {
        kind: Text<'a> = "type",
        media_type: Text<'a> = "media_type",
        data: Text<'a> = "data",
    }
}

object! {
    /// What a response took, as far as it had come.
    struct Usage<'a> {
        input: Count = "input_tokens",
        output: Count = "output_tokens",
        cache_creation: Count = "cache_creation_input_tokens",
        cache_read: Count = "cache_read_input_tokens",
        split: Split<'a> = "cache_creation",
        output_details: OutputDetails<'a> = "output_tokens_details",
        server_tools: ServerTools<'a> = "server_tool_use",
        service_tier: Text<'a> = "service_tier",
        speed: Text<'a> = "speed",
    }
}

object! {
    /// How long what was written to the cache is kept.
    struct Split<'a> {
        five_minutes: Count = "ephemeral_5m_input_tokens",
        one_hour: Count = "ephemeral_1h_input_tokens",
    }
}

object! {
    /// What the output was.
    struct OutputDetails<'a> {
        thinking: Count = "thinking_tokens",
    }
}

object! {
    /// Tools that ran at the service.
    struct ServerTools<'a> {
        searches: Count = "web_search_requests",
        fetches: Count = "web_fetch_requests",
    }
}

object! {
    /// What the program notes of a tool's result.
    struct ToolResult<'a> {
        agent: Text<'a> = "agentId",
    }
}

object! {
    /// Something that the program put into the conversation.
    struct Attachment<'a> {
        kind: Text<'a> = "type",
        prompt: Content<'a> = "prompt",
    }
}

object! {
    /// How far a tool has come.
    struct Progress<'a> {
        kind: Text<'a> = "type",
        agent: Text<'a> = "agentId",
    }
}

object! {
    /// What a session was forked from.
    struct Fork<'a> {
        session: Text<'a> = "sessionId",
    }
}
only_object!(
    Source,
    Usage,
    Split,
    OutputDetails,
    ServerTools,
    ToolResult,
    Attachment,
    Progress,
    Fork
);

object! {
    /// What a call of a tool that starts an agent is given.
    struct AgentInput<'a> {
        subagent_type: Text<'a> = "subagent_type",
        description: Text<'a> = "description",
        prompt: Text<'a> = "prompt",
    }
}
only_object!(AgentInput);

impl Source<'_> {
    /// The text of a document that is one.
    pub(crate) fn text(&self) -> Option<&str> {
        self.data.get().filter(|_| self.kind.get() == Some("text"))
    }
}

/// The kinds of lines that are messages even without a uuid.
const MESSAGES: [&str; 6] = [
    "user",
    "assistant",
    "system",
    "attachment",
    "progress",
    "queue-operation",
];

impl Entry<'_> {
    /// Whether it is kept as a message: what has an identity, and what says something.
    pub(crate) fn is_message(&self) -> bool {
        self.uuid.get().is_some() || self.kind.get().is_some_and(|kind| MESSAGES.contains(&kind))
    }

    /// Whether a person has written it.
    pub(crate) fn is_human(&self) -> bool {
        let mut blocks = self.message.0.content.0.iter();
        // What people type is written down as an object; a bare text is something else, such as an error.
        self.is("user")
            && !self.message.1
            && !self.is_meta.0
            && !self.is_sidechain.0
            && !self.is_compact_summary.0
            && blocks.all(|block| block.kind.get() != Some("tool_result"))
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.get() == Some(kind)
    }

    /// What it took, where it is a response of the model.
    pub(crate) fn usage(&self) -> Option<&Usage<'_>> {
        self.message
            .0
            .usage
            .as_ref()
            .filter(|_| self.is("assistant"))
    }
}

/// Some way through a value to see that it is an object; anything else is refused.
pub(crate) struct Object<'a>(pub(crate) Entry<'a>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Entry::fields(map).map(Object)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
                Err(A::Error::custom("a list is no object"))
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}
