//! Prints what is known of recordings.
fn main() {
    for path in std::env::args().skip(1) {
        let mut file = std::fs::File::open(&path).unwrap();
        let start = std::time::Instant::now();
        let f = datalake_audio::probe::probe(&mut file, true, &mut || Ok(())).unwrap();
        let took = start.elapsed();
        let wave = match &f.waveform {
            datalake_audio::probe::Waveform::Drawn(b) => format!(
                "{} pairs {:?}",
                b.len() / 2,
                b.iter()
                    .map(|&b| b as i8)
                    .min()
                    .zip(b.iter().map(|&b| b as i8).max())
            ),
            other => format!("{other:?}"),
        };
        let name = path.rsplit('/').next().unwrap();
        println!(
            "{name:24} {:8} {:14} {:?} {:?} {:?} {:?} cut={} made={:?} {:?} {wave} {:?} {took:?}",
            f.format.unwrap_or("-"),
            f.codec.as_deref().unwrap_or("-"),
            f.sample_rate,
            f.channels,
            f.bits_per_sample,
            f.duration,
            f.truncated,
            f.made.map(|m| m.to_string()),
            f.tags.iter().collect::<Vec<_>>(),
            f.warnings
        );
    }
}
