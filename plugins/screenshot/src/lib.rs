//! Screenshots: their size, their time, and a small picture of each.

mod picture;
mod thumbnail;

pub use picture::{Field, Format, Picture, Written, probe};
pub use thumbnail::{MEDIA_TYPE, SIDE, Thumbnail, VERSION, thumbnail};
