//! Ctrl-C and SIGTERM: the first lets running cells end, the second leaves at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

/// The exit code of an interrupted run, as shells give it.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Whether the user asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// From here on, Ctrl-C and SIGTERM only ask. Called once, at the start of a run.
///
/// # Errors
/// If the system refuses the handler.
pub fn listen() -> Result<(), Error> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
        eprintln!("stopping: running cells end first; once more to leave at once");
    })
    .map_err(|fault| Error::Internal(format!("no handler for Ctrl-C: {fault}")))
}
