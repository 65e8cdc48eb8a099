//! The inputs of the benchmarks: lines as memory monitors write them, from a fixed seed.
//!
//! The same seed gives the same bytes on every machine, and a shorter file is the beginning of
//! a longer one. Everything is written as it is made, so that ten million lines need no memory.

use std::io::{self, Write};

/// The seed of every generated file: figures of different days are about the same bytes.
pub(crate) const SEED: u64 = 0x5eed_da7a_1a4e_0001;
/// Processes that are sampled at each tick.
const PROCESSES: usize = 20;
/// 2025-01-14T09:40:00Z, the instant of the first tick.
const FIRST_TICK: u64 = 1_736_847_600;
const SECONDS_PER_TICK: u64 = 10;
/// A process lives so many ticks: about 40 sessions come and go in a million lines.
const SHORTEST_LIFE: u64 = 12_500;
const LONGEST_LIFE: u64 = 37_500;
const PAGE: u64 = 4096;
const MIB: u64 = 1 << 20;
const COMMANDS: [&str; 3] = ["claude", "node-mcp-server", "claude-agent"];
const EVENTS: [(&str, &str); 4] = [
    ("hook_warn", "warning"),
    ("limit_reached", "critical"),
    ("process_start", "info"),
    ("process_exit", "info"),
];

/// SplitMix64: small, fast, and the same on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound - 1`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// One process that a monitor watches.
struct Process {
    pid: u64,
    pages: u64,
    command: &'static str,
    session: String,
    ticks_left: u64,
}

impl Process {
    fn start(random: &mut Random) -> Self {
        let first = random.next();
        let second = random.next();
        Self {
            pid: 1_000 + random.below(60_000),
            pages: 20_000 + random.below(200_000),
            command: COMMANDS[(first % COMMANDS.len() as u64) as usize],
            session: format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                first >> 32,
                first & 0xffff,
                (first >> 16) & 0xfff,
                second >> 52,
                second & 0xffff_ffff_ffff,
            ),
            ticks_left: SHORTEST_LIFE + random.below(LONGEST_LIFE - SHORTEST_LIFE),
        }
    }

    /// One step of the walk of its memory; gives the change in pages.
    fn step(&mut self, random: &mut Random) -> i64 {
        let before = self.pages;
        // The sum of two even draws: small steps are common, large ones rare.
        let step = (random.below(2_000) + random.below(2_000)) as i64 - 1_999;
        self.pages = before.saturating_add_signed(step).clamp(10_000, 1_000_000);
        self.pages as i64 - before as i64
    }
}

/// Writes `lines` samples of memory.
pub(crate) fn memory(out: &mut impl Write, lines: u64) -> io::Result<()> {
    memory_from(out, 0, lines)
}

/// Writes the samples from line `skip` on, as if those before had been written too.
pub(crate) fn memory_from(out: &mut impl Write, skip: u64, lines: u64) -> io::Result<()> {
    let mut random = Random(SEED);
    let mut processes: Vec<Process> = (0..PROCESSES)
        .map(|_| Process::start(&mut random))
        .collect();
    for line in 0..skip + lines {
        let tick = FIRST_TICK + line / PROCESSES as u64 * SECONDS_PER_TICK;
        let process = &mut processes[(line % PROCESSES as u64) as usize];
        if process.ticks_left == 0 {
            *process = Process::start(&mut random);
        }
        process.ticks_left -= 1;
        let change = process.step(&mut random);
        if line >= skip {
            sample(out, tick, process, change)?;
        }
    }
    Ok(())
}

fn sample(out: &mut impl Write, tick: u64, process: &Process, change: i64) -> io::Result<()> {
    let bytes = process.pages * PAGE;
    // Monitors round rss_mb to one decimal and the rate to two.
    let tenths = (bytes * 10 + MIB / 2) / MIB;
    let per_minute = change * PAGE as i64 * (60 / SECONDS_PER_TICK) as i64;
    let hundredths = (per_minute * 100).div_euclid(MIB as i64);
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, cents) = (
        hundredths.unsigned_abs() / 100,
        hundredths.unsigned_abs() % 100,
    );
    write!(
        out,
        "{{\"timestamp\": {tick}, \"pid\": {}, \"rss_bytes\": {bytes}, \"rss_mb\": {}.{}, \
         \"rate_mb_min\": {sign}{whole}.",
        process.pid,
        tenths / 10,
        tenths % 10,
    )?;
    // 12.5, not 12.50: numbers are written as short as JSON encoders do.
    if cents % 10 == 0 {
        write!(out, "{}", cents / 10)?;
    } else {
        write!(out, "{cents:02}")?;
    }
    writeln!(
        out,
        ", \"command\": \"{}\", \"session_id\": \"{}\"}}",
        process.command, process.session
    )
}

/// Writes `lines` events.
pub(crate) fn events(out: &mut impl Write, lines: u64) -> io::Result<()> {
    let mut random = Random(SEED);
    let mut tick = FIRST_TICK;
    for line in 0..lines {
        tick += 1 + random.below(600);
        let (kind, severity) = EVENTS[random.below(EVENTS.len() as u64) as usize];
        let pid = 1_000 + random.below(60_000);
        let mb = random.below(4_000);
        writeln!(
            out,
            "{{\"timestamp\": {tick}, \"type\": \"{kind}\", \"pid\": {pid}, \
             \"severity\": \"{severity}\", \"message\": \"process {pid} holds {mb} MB\", \
             \"details\": {{\"rss_mb\": {mb}, \"event\": {line}}}}}"
        )?;
    }
    Ok(())
}
