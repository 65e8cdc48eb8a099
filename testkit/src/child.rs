//! A process that does one reading, so that it can be killed, or run in another time zone. It is this very
//! program, started again with a hidden test or a hidden option.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result, ensure};
use crate::kit::Kit;
use crate::lake::{Lake, read_in};
use crate::reading::How;
use crate::switches;

/// How this program starts itself for one reading.
#[derive(Debug, Clone)]
pub struct ChildCommand {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Whether the folder of the work is the last argument; it is in the environment otherwise.
    folder_is_argument: bool,
}

impl ChildCommand {
    /// This program with these arguments and a folder behind them, which it hands to [`child_main`].
    ///
    /// # Errors
    /// The system does not say where this program lies.
    pub fn with_arguments(arguments: &[&str]) -> Result<Self> {
        Ok(Self {
            program: std::env::current_exe()?,
            arguments: arguments.iter().map(OsString::from).collect(),
            folder_is_argument: true,
        })
    }

    /// This test program, running only the test of this name, which calls [`child_test`].
    ///
    /// # Errors
    /// The system does not say where this program lies.
    pub fn of_test(name: &str) -> Result<Self> {
        Ok(Self {
            folder_is_argument: false,
            ..Self::with_arguments(&[name, "--exact", "--nocapture"])?
        })
    }
}

/// What a child is to do.
#[derive(Debug, Serialize, Deserialize)]
struct Work {
    plugin: String,
    config: String,
    root: PathBuf,
    batch_bytes: usize,
    relate: bool,
}

const WORK: &str = "work.json";
const SAID: &str = "child.log";

/// A child that runs.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    said: PathBuf,
    limit: Duration,
}

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    Killed,
}

impl Running {
    /// Starts a child that reads the inputs of `lake` into its store, in the time zone `zone`.
    pub(crate) fn start(kit: &Kit, lake: &Lake, how: &How, zone: &str) -> Result<Self> {
        let command = kit
            .child
            .as_ref()
            .ok_or_else(|| Failure::new("this program does not say how it starts itself again"))?;
        lake.close();
        let work = Work {
            plugin: kit.entry.name.to_owned(),
            config: kit.config.clone(),
            root: lake.root().to_owned(),
            batch_bytes: how.batch_bytes,
            relate: how.relate,
        };
        fs::write(lake.path().join(WORK), serde_json::to_vec(&work)?)?;
        let said = lake.path().join(SAID);
        let mut child = Command::new(&command.program);
        child.args(&command.arguments).stdin(Stdio::null());
        child
            .stdout(File::create(&said)?)
            .stderr(File::options().append(true).open(&said)?);
        child.env("TZ", zone).env_remove(switches::CHILD);
        if command.folder_is_argument {
            child.arg(lake.path());
        } else {
            child.env(switches::CHILD, lake.path());
        }
        Ok(Self {
            child: child.spawn()?,
            said,
            limit: kit.effort.reading,
        })
    }

    /// `kill -9`, wherever it is now.
    pub(crate) fn kill(mut self) -> Result<End> {
        // It may have ended by itself just now; how it ended tells.
        let _ = self.child.kill();
        self.finish()
    }

    /// Waits for its end, which must be a good one or the kill.
    pub(crate) fn finish(mut self) -> Result<End> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(End::Done);
                }
                if status.code().is_none() {
                    return Ok(End::Killed);
                }
                let said = fs::read_to_string(&self.said).unwrap_or_default();
                let said = said.trim();
                return Err(Failure::new(format!(
                    "the child process ended with {status}: {said}"
                )));
            }
            let limit = self.limit;
            ensure!(
                begun.elapsed() < limit,
                "the child process has not ended after {limit:?}"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended is not there to be killed, and one that hangs must not stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does the work of a child: what its parent wrote into `folder`.
///
/// # Errors
/// The work cannot be read, or reading failed.
pub fn child_main(folder: &Path) -> Result {
    let work: Work = serde_json::from_slice(&fs::read(folder.join(WORK))?)?;
    let mut kit = Kit::of(&work.plugin)?;
    kit.config = work.config;
    let how = How {
        batch_bytes: work.batch_bytes,
        relate: work.relate,
        ..How::usual()
    };
    read_in(&Arc::new(kit), folder, &work.root, &how)?.ok()?;
    Ok(())
}

/// The hidden test of a test program: does the work of a child where there is some.
///
/// # Errors
/// As [`child_main`].
pub fn child_test() -> Result {
    switches::child().map_or(Ok(()), |folder| child_main(&folder))
}
