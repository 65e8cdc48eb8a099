//! What the reading of one value needs: how to name it in messages, where paths start, and where
//! problems go.

use super::document::Place;
use super::field::Field;
use super::item::Item;
use super::paths::Folders;
use super::problem::Problem;

/// Passed to [`ConfigValue::read`](super::ConfigValue::read).
#[derive(Debug)]
pub struct Reader<'a> {
    subject: String,
    range: Option<(i64, i64)>,
    secret: bool,
    folders: &'a Folders,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// A reader for the value of `field`.
    pub fn new(field: &Field, folders: &'a Folders, problems: &'a mut Vec<Problem>) -> Self {
        let subject = format!("`{}`", field.name);
        Self {
            subject,
            range: field.range,
            secret: field.secret,
            folders,
            problems,
        }
    }

    /// A reader for the entries of a list.
    pub fn entries(&mut self) -> Reader<'_> {
        Reader {
            subject: format!("an entry of {}", self.subject),
            range: self.range,
            secret: self.secret,
            folders: self.folders,
            problems: self.problems,
        }
    }

    /// How messages call the value: its key in backquotes.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The range that the field declares.
    pub fn range(&self) -> Option<(i64, i64)> {
        self.range
    }

    /// Where paths start.
    pub fn folders(&self) -> &Folders {
        self.folders
    }

    /// Reports that the value is of another kind, and gives nothing.
    pub fn expected<T>(&mut self, item: &Item, kind: &str) -> Option<T> {
        let message = format!("{} must be {kind}, not {}", self.subject, item.describe());
        self.refuse(item, message, None)
    }

    /// Reports a problem with the value, and gives nothing. `message` is a whole sentence.
    pub fn refuse<T>(&mut self, item: &Item, message: String, hint: Option<String>) -> Option<T> {
        self.refuse_at(item.place.clone(), message, hint)
    }

    /// Reports a problem at a place, and gives nothing.
    pub fn refuse_at<T>(
        &mut self,
        place: Place,
        message: String,
        hint: Option<String>,
    ) -> Option<T> {
        let mut problem = Problem::new(message).at(place);
        if let Some(hint) = hint {
            problem = problem.hint(hint);
        }
        self.problems.push(if self.secret {
            problem.hide_line()
        } else {
            problem
        });
        None
    }
}
