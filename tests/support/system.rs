//! Processes with what the standard library does not tell of them, and terminals.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![expect(
    unsafe_code,
    reason = "wait4, kill, geteuid, mkfifo and openpty have no safe twin in std"
)]

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::ptr::null_mut;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::output::Ran;

/// Longer than any command takes: what runs on is stuck.
const STUCK: Duration = Duration::from_secs(120);

/// A program that runs.
pub(crate) struct Running {
    line: String,
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    ended: bool,
}

impl Running {
    /// Starts `command` and reads along, so that a full pipe never stops it.
    pub(crate) fn start(line: &str, mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (
            child.stdout.take().map(reader),
            child.stderr.take().map(reader),
        );
        Self {
            line: line.to_owned(),
            child,
            stdout,
            stderr,
            ended: false,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal. It has not been waited for, so the number is still its own.
    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    pub(crate) fn finish(self) -> Ran {
        self.finish_within(STUCK)
    }

    /// Waits for its end, which must come before `limit`.
    #[track_caller]
    pub(crate) fn finish_within(mut self, limit: Duration) -> Ran {
        let begun = Instant::now();
        let (status, peak) = loop {
            if let Some(ended) = wait(self.child.id()) {
                break ended;
            }
            assert!(
                begun.elapsed() < limit,
                "`datalake {}` runs after {limit:?}",
                self.line
            );
            std::thread::sleep(Duration::from_millis(2));
        };
        self.ended = true;
        let said = |reader: Option<JoinHandle<Vec<u8>>>| {
            String::from_utf8(reader.map_or_else(Vec::new, |reader| reader.join().unwrap()))
                .unwrap()
        };
        let (stdout, stderr) = (said(self.stdout.take()), said(self.stderr.take()));
        Ran {
            line: self.line.clone(),
            status,
            stdout,
            stderr,
            peak,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A terminal whose other side has closed ends with an error instead of an end.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// How a child ended and the most memory it held, in KiB; `None` while it runs.
fn wait(pid: u32) -> Option<(ExitStatus, u64)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both places are ours and live; all zeros is a valid rusage.
    let (ended, usage) = unsafe {
        let ended = libc::wait4(
            pid as i32,
            &raw mut status,
            libc::WNOHANG,
            usage.as_mut_ptr(),
        );
        (ended, usage.assume_init())
    };
    assert!(ended >= 0, "{}", std::io::Error::last_os_error());
    (ended > 0).then(|| (ExitStatus::from_raw(status), usage.ru_maxrss as u64))
}

/// Held while a test keeps the whole machine busy or watches the clock: two such tests at once would spoil each
/// other's figures, also in two processes.
pub(crate) fn alone() -> File {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("datalake-alone.lock");
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .unwrap();
    file.lock().unwrap();
    file
}

pub(crate) fn is_root() -> bool {
    // SAFETY: it only asks.
    unsafe { libc::geteuid() == 0 }
}

pub(crate) fn make_fifo(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the path is a C string that outlives the call.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

/// Runs `command` on a terminal, types `keys`, and gives back what it showed, without what was typed.
pub(crate) fn on_terminal(line: &str, mut command: Command, keys: &str) -> Ran {
    let (mut own, other) = terminal();
    command
        .stdin(other.try_clone().unwrap())
        .stdout(other.try_clone().unwrap());
    command.stderr(other);
    let typed = keys.to_owned();
    let mut input = own.try_clone().unwrap();
    let running = Running::start(line, command);
    let screen = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = own.read_to_end(&mut bytes);
        bytes
    });
    input.write_all(typed.as_bytes()).unwrap();
    let mut ran = running.finish();
    ran.stdout = String::from_utf8(screen.join().unwrap())
        .unwrap()
        .replace("\r\n", "\n");
    ran
}

/// The two ends of a new terminal that does not repeat what is typed.
fn terminal() -> (File, OwnedFd) {
    let (mut own, mut other) = (0, 0);
    // SAFETY: the numbers are ours; name, settings and size may be null. What was opened is nobody's yet.
    let (own, other) = unsafe {
        assert_eq!(
            libc::openpty(
                &raw mut own,
                &raw mut other,
                null_mut(),
                null_mut(),
                null_mut()
            ),
            0
        );
        let mut settings = MaybeUninit::<libc::termios>::zeroed();
        assert_eq!(libc::tcgetattr(other, settings.as_mut_ptr()), 0);
        let mut settings = settings.assume_init();
        settings.c_lflag &= !libc::ECHO;
        assert_eq!(
            libc::tcsetattr(other, libc::TCSANOW, &raw const settings),
            0
        );
        (File::from_raw_fd(own), OwnedFd::from_raw_fd(other))
    };
    // Copies are not handed down to programs that other tests start meanwhile.
    (own.try_clone().unwrap(), other.try_clone().unwrap())
}
