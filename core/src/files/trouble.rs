//! What can stand in a file's place, in words and stable codes.

use std::fs::FileType;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::error::Error;
use crate::reject::Reject;

/// The reject for something that is there but is no file.
pub(crate) fn not_a_file(what: FileType) -> Reject {
    let what = match what {
        what if what.is_dir() => "a folder",
        what if what.is_fifo() => "a pipe",
        what if what.is_socket() => "a socket",
        what if what.is_char_device() || what.is_block_device() => "a device",
        what if what.is_symlink() => "a link that leads nowhere",
        _ => "something else",
    };
    Reject::new(
        "not-a-file",
        format!("there is {what} where a file should be; it was not opened"),
    )
}

/// The reject for what cannot be read.
pub(crate) fn unreadable(error: &io::Error) -> Reject {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Reject::new(
            "no-permission",
            "the user this runs as is not allowed to read it",
        );
    }
    if error.raw_os_error() == Some(libc::ELOOP) {
        return link_loop();
    }
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or_default();
    Reject::new("unreadable", format!("it cannot be read: {plain}"))
}

/// The reject for a link that leads back to where it lies.
pub(crate) fn link_loop() -> Reject {
    Reject::new(
        "link-loop",
        "this link leads back to a folder it lies in, or to itself",
    )
}

/// Whether it is this process or the machine that has come to its limit: the file is not at fault then, and the
/// next attempt may well read it.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM)
    )
}

/// The error for such a shortage.
pub(crate) fn shortage(path: &Path, error: io::Error) -> Error {
    Error::io(path.display(), error)
        .hint("close other programs or raise their limits, then run again")
}

/// Whether nothing is there.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
