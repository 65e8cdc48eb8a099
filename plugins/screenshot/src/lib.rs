//! Screenshots: their size, their time, and a small picture of each.
