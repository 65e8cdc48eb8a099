//! `config!` and `config_enum!`: names, types, defaults and doc comments are written once.

/// Declares a section of the configuration.
///
/// Doc comments, types and defaults make the struct, its table `FIELDS`, and `from_section`,
/// which reports every mistake and not only the first. A default is written as it would stand in
/// the file. A key without a default must be given, unless its type is an `Option`. Between the
/// doc comment and the key `#[example(value)]` and `#[range(least, greatest)]` may stand, in this
/// order.
///
/// ```
/// use datalake_core::config::{Paths, Section};
///
/// datalake_core::config! {
///     /// Where the notes are.
///     pub struct NotesConfig {
///         /// Files or folders to read.
///         pub path: Paths = ["~/notes"],
///         /// How many at once.
///         #[range(1, 64)]
///         pub readers: u32 = 4,
///         /// Only notes of this author.
///         #[example("alice")]
///         pub author: Option<String>,
///     }
/// }
///
/// let mut section = Section::from_text("path = 'inbox'");
/// let config = NotesConfig::from_section(&mut section).unwrap();
/// assert_eq!(config.path.0[0].to_str(), Some("/base/inbox"));
/// assert_eq!(config.readers, 4);
/// assert_eq!(NotesConfig::FIELDS[1].doc(), "How many at once.");
/// ```
#[macro_export]
macro_rules! config {
    (
        $(#[doc = $doc:literal])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $field_doc:literal])*
                $(#[example($example:expr)])?
                $(#[range($least:expr, $greatest:expr)])?
                $field_visibility:vis $field:ident : $type:ty $(= $default:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        $visibility struct $name {
            $( $(#[doc = $field_doc])* $field_visibility $field: $type, )*
        }

        impl $name {
            /// Every key, in the order of the source code.
            $visibility const FIELDS: &'static [$crate::config::Field] = &[
                $( $crate::config::Field {
                    name: $crate::config::key_of(stringify!($field)),
                    raw_doc: concat!($($field_doc, "\n"),*),
                    raw_default: $crate::__config_text!($($default)?),
                    raw_example: $crate::__config_text!($($example)?),
                    range: $crate::__config_range!($($least, $greatest)?),
                    required: $crate::__config_text!($($default)?).is_none()
                        && !<$type as $crate::config::ConfigValue>::OPTIONAL,
                    secret: <$type as $crate::config::ConfigValue>::SECRET,
                    kind: <$type as $crate::config::ConfigValue>::kind,
                    schema: <$type as $crate::config::ConfigValue>::schema,
                }, )*
            ];

            /// What the section is for, as written above the struct.
            #[allow(dead_code, reason = "not every section has a page of its own")]
            $visibility const RAW_DOC: &'static str = concat!("", $($doc, "\n"),*);

            /// Reads the section and reports every mistake in it, unknown keys too.
            #[allow(dead_code, reason = "a section that is read in two parts uses `take_from`")]
            $visibility fn from_section(
                section: &mut $crate::config::Section,
            ) -> Option<Self> {
                let before = section.problems().len();
                let made = Self::take_from(section);
                section.finish(Self::FIELDS);
                // A section with any mistake gives nothing, so that nobody acts on half of it.
                made.filter(|_| section.problems().len() == before)
            }

            /// Reads its own keys and leaves the others to whoever reads the section next.
            $visibility fn take_from(section: &mut $crate::config::Section) -> Option<Self> {
                let mut fields = Self::FIELDS.iter();
                // Every key is read before the first mistake ends it, so that all are reported.
                $( let $field = fields.next().and_then(|field| section.take::<$type>(field)); )*
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
}

/// Declares a choice between names, for a key of [`config!`](crate::config!).
///
/// ```
/// datalake_core::config_enum! {
///     /// How a log line looks.
///     pub enum Format {
///         /// For people.
///         Text = "text",
///         /// For programs.
///         Json = "json",
///     }
/// }
/// use datalake_core::config::ConfigEnum;
/// assert_eq!(Format::Json.name(), "json");
/// ```
#[macro_export]
macro_rules! config_enum {
    (
        $(#[doc = $doc:literal])*
        $visibility:vis enum $name:ident {
            $( $(#[doc = $choice_doc:literal])* $choice:ident = $text:literal ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $visibility enum $name {
            $( $(#[doc = $choice_doc])* $choice, )*
        }

        impl $crate::config::ConfigEnum for $name {
            const CHOICES: &'static [(&'static str, Self)] = &[$( ($text, Self::$choice) ),*];

            fn name(self) -> &'static str {
                match self {
                    $( Self::$choice => $text, )*
                }
            }
        }

        impl $crate::config::ConfigValue for $name {
            fn kind() -> String {
                let names: &[&str] = &[$( concat!("\"", $text, "\"") ),*];
                format!("one of {}", names.join(", "))
            }

            fn schema() -> $crate::config::Json {
                let names: &[&str] = &[$( $text ),*];
                let mut schema = $crate::config::Json::Null;
                schema["enum"] = names.into();
                schema
            }

            fn read(
                item: &$crate::config::Item,
                reader: &mut $crate::config::Reader<'_>,
            ) -> Option<Self> {
                $crate::config::parse_enum(item, reader)
            }

            fn to_toml(&self) -> Option<String> {
                let name = $crate::config::ConfigEnum::name(*self);
                Some($crate::config::toml_string(name))
            }
        }
    };
}

/// The text of an expression that may be missing.
#[doc(hidden)]
#[macro_export]
macro_rules! __config_text {
    () => {
        None::<&'static str>
    };
    ($value:expr) => {
        Some(stringify!($value))
    };
}

/// A range that may be missing.
#[doc(hidden)]
#[macro_export]
macro_rules! __config_range {
    () => {
        None
    };
    ($least:expr, $greatest:expr) => {
        Some(($least, $greatest))
    };
}
