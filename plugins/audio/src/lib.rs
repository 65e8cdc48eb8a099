//! Recordings: what they are, how long they last, and what they look like.

pub mod probe;
