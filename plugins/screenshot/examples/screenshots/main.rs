//! What small pictures cost: makes screenshots, and reads them in the way of this crate or in the simplest way, which
//! is the floor. Prints CPU seconds (Linux).
//!
//! ```text
//! cargo run --release -p datalake-screenshot --example screenshots -- make FOLDER COUNT
//! cargo run --release -p datalake-screenshot --example screenshots -- probe|thumbnail|floor FOLDER
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use datalake_screenshot::{probe, thumbnail};
use image::ImageReader;

mod generate;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["make", folder, count] => Ok(generate::fill(Path::new(folder), count.parse()?)?),
        ["probe", folder] => measure(folder, &mut |path| {
            let picture = probe(File::open(path)?)?;
            Ok(picture.size().ok_or("no size")?.0 as usize)
        }),
        ["thumbnail", folder] => measure(folder, &mut ours),
        ["floor", folder] => measure(folder, &mut floor),
        ["show", from, to] => show(Path::new(from), Path::new(to)),
        _ => Err(
            "make FOLDER COUNT, or probe, thumbnail or floor FOLDER, or show IMAGE THUMBNAIL"
                .into(),
        ),
    }
}

fn measure(folder: &str, work: &mut dyn FnMut(&Path) -> Outcome<usize>) -> Outcome {
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let files: Vec<PathBuf> = files.collect::<io::Result<_>>()?;
    let before = cpu_seconds()?;
    let mut made = 0;
    for file in &files {
        made += work(file)?;
    }
    let seconds = cpu_seconds()? - before;
    let each = seconds * 1e3 / files.len() as f64;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{seconds:.3} CPU s, {each:.2} ms a file, {} files, {made} bytes made",
        files.len()
    )?;
    Ok(())
}

/// As the plugin does it: headers, small picture, hash.
fn ours(path: &Path) -> Outcome<usize> {
    let bytes = fs::read(path)?;
    let picture = probe(Cursor::new(&bytes))?;
    let made = thumbnail(Cursor::new(&bytes), &picture, &mut || Ok(()))??;
    std::hint::black_box(datalake_core::hash(&bytes));
    Ok(made.bytes.len())
}

/// Decodes, resizes and hashes, with what libraries offer.
fn floor(path: &Path) -> Outcome<usize> {
    let bytes = fs::read(path)?;
    let image = ImageReader::new(Cursor::new(&bytes))
        .with_guessed_format()?
        .decode()?;
    let small = image.thumbnail(320, 320);
    std::hint::black_box(datalake_core::hash(&bytes));
    Ok(small.as_bytes().len())
}

fn show(from: &Path, to: &Path) -> Outcome {
    let picture = probe(File::open(from)?)?;
    let made = thumbnail(File::open(from)?, &picture, &mut || Ok(()))??;
    Ok(fs::write(to, made.bytes)?)
}

/// What this thread has had of the processor.
fn cpu_seconds() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().ok_or("no time")?.parse()?;
    Ok(nanoseconds / 1e9)
}
