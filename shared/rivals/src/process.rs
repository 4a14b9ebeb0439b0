//! An entrant's process and the lines that go to and fro.
//!
//! ```text
//! <- {"ready": "POT 0.9.7"}                       inputs are read; or {"missing": why}, or {"failed": why}
//! -> call 3
//! <- {"wall_seconds": …, "cpu_seconds": …, "resident": bytes, "peak": bytes}     per call; memory of the process
//! -> answer folder/answer.npy
//! <- {"answered": true}                           the last call's answer is in the file
//! ```
//!
//! The end of its input ends the process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one call took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    pub wall_seconds: f64,
    pub cpu_seconds: f64,
    /// Memory of the process before the call, in bytes, where the system tells.
    pub resident: Option<u64>,
    /// The largest memory of the process during the call, in bytes.
    pub peak: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Reply {
    Ready { ready: String },
    Missing { missing: String },
    Failed { failed: String },
    Answered { answered: bool },
    Called(Call),
}

/// Why an entrant is out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out {
    /// What it needs is not installed.
    Missing(String),
    /// It failed, or took too long.
    Failed(String),
}

/// A running entrant.
pub(super) struct Process {
    child: Child,
    lines: Option<ChildStdin>,
    replies: Receiver<std::io::Result<String>>,
    patience: Duration,
    /// What it is, with its version.
    pub version: String,
}

impl Process {
    /// Starts an entrant and waits until it has read its inputs; its standard error is the caller's affair. A reply that takes longer than `patience` is a failure.
    pub fn start(command: &mut Command, patience: Duration) -> Result<Self, Out> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|fault| Out::Missing(format!("{}: {fault}", command.get_program().display())))?;
        let lines = child.stdin.take();
        let output = child.stdout.take();
        let (sender, replies) = channel();
        // Ends with the process, whose output it reads.
        std::thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut process = Self { child, lines, replies, patience, version: String::new() };
        match process.reply()? {
            Reply::Ready { ready } => process.version = ready,
            other => return Err(unexpected(&other)),
        }
        Ok(process)
    }

    /// Lets it do its work so many times.
    pub fn call(&mut self, times: u32) -> Result<Call, Out> {
        match self.ask(&format!("call {times}"))? {
            Reply::Called(call) => Ok(call),
            other => Err(unexpected(&other)),
        }
    }

    /// Lets it write its last answer.
    pub fn answer(&mut self, path: &Path) -> Result<(), Out> {
        match self.ask(&format!("answer {}", path.display()))? {
            Reply::Answered { answered: true } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn ask(&mut self, line: &str) -> Result<Reply, Out> {
        let lines = self.lines.as_mut().ok_or_else(|| Out::Failed("it takes no orders".into()))?;
        // One that has died says so by its missing reply.
        let _ = writeln!(lines, "{line}").and_then(|()| lines.flush());
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply, Out> {
        let line = match self.replies.recv_timeout(self.patience) {
            Ok(Ok(line)) => line,
            Ok(Err(fault)) => return Err(Out::Failed(fault.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                return Err(Out::Failed(format!("no reply within {} s", self.patience.as_secs())));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let ended =
                    self.child.wait().map_or_else(|fault| fault.to_string(), |status| status.to_string());
                return Err(Out::Failed(format!("its process ended: {ended}")));
            }
        };
        match serde_json::from_str(&line) {
            Ok(Reply::Missing { missing }) => Err(Out::Missing(missing)),
            Ok(Reply::Failed { failed }) => Err(Out::Failed(failed)),
            Ok(reply) => Ok(reply),
            Err(_) => Err(Out::Failed(format!("it said: {line}"))),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.lines.take());
        // One that is still at work has been given up.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unexpected(reply: &Reply) -> Out {
    Out::Failed(format!("an unexpected reply: {reply:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str, patience: u64) -> Result<Process, Out> {
        Process::start(Command::new("sh").args(["-c", script]), Duration::from_millis(patience))
    }

    #[test]
    fn a_process_that_hangs_dies_or_babbles_is_out_with_the_reason() {
        let failed = |script: &str, patience: u64| match start(script, patience).err() {
            Some(Out::Failed(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(failed("sleep 60", 50), "no reply within 0 s");
        assert_eq!(failed("exit 3", 60_000), "its process ended: exit status: 3");
        assert_eq!(failed("echo hello", 60_000), "it said: hello");
        assert_eq!(failed("echo '{\"failed\": \"no memory\"}'", 60_000), "no memory");
        assert_eq!(
            start("echo '{\"missing\": \"no module\"}'", 60_000).err(),
            Some(Out::Missing("no module".into()))
        );
        let nowhere = Process::start(&mut Command::new("/nowhere/python"), Duration::from_secs(1)).err();
        assert!(matches!(nowhere, Some(Out::Missing(why)) if why.starts_with("/nowhere/python: ")));
    }

    #[test]
    fn a_call_is_answered() {
        let script = "echo '{\"ready\": \"one 1.0\"}'; read line; test \"$line\" = 'call 2' &&
            echo '{\"wall_seconds\": 0.5, \"cpu_seconds\": 1.0, \"resident\": 7, \"peak\": null}'; read line";
        let mut process = start(script, 60_000).unwrap();
        assert_eq!(process.version, "one 1.0");
        let call = Call { wall_seconds: 0.5, cpu_seconds: 1.0, resident: Some(7), peak: None };
        assert_eq!(process.call(2), Ok(call));
    }
}
