//! Kills and faults.
