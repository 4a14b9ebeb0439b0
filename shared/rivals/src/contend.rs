//! This workspace's side of a contest: a process that does the work as often as it is told.

use std::fs;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use cpu_time::ProcessTime;

use lab::error::{Error, Failure, IoContext};

use super::process::{Call, Reply};
use super::{Contest, Entrant};

/// Serves one entrant over the lines that [`process`](super::process) describes, until the input ends.
///
/// # Errors
/// For an unknown entrant, and if a line cannot be read or written. A fault of the method is a reply.
pub(crate) fn contend(
    contest: &Contest,
    name: &str,
    inputs: &Path,
    lines: impl BufRead,
    mut replies: impl Write,
) -> Result<(), Error> {
    let ours = contest.ours.iter().find(|ours| ours.name == name);
    let ours = ours.ok_or_else(|| Error::Usage(format!("contest {} has no entrant {name}", contest.id)))?;
    let mut reply = |reply: Reply| -> Result<(), Error> {
        let text = serde_json::to_string(&reply).map_err(|fault| Error::Internal(fault.to_string()))?;
        writeln!(replies, "{text}").and_then(|()| replies.flush()).writing("standard output".as_ref())
    };
    let mut entrant = match (ours.load)(inputs) {
        Ok(entrant) => entrant,
        Err(fault) => return reply(Reply::Failed { failed: fault.to_string() }),
    };
    reply(Reply::Ready { ready: env!("CARGO_PKG_VERSION").into() })?;
    for line in lines.lines() {
        let line = line.reading("standard input".as_ref())?;
        let done = match line.split_once(' ') {
            Some(("call", times)) => match times.parse() {
                Ok(times) => timed(&mut *entrant, times).map(Reply::Called),
                Err(_) => Err(format!("{times}: expected a number of calls").into()),
            },
            Some(("answer", path)) => {
                write_answer(&*entrant, path.as_ref()).map(|()| Reply::Answered { answered: true })
            }
            _ => Err(format!("{line}: expected `call <times>` or `answer <path>`").into()),
        };
        reply(done.unwrap_or_else(|fault| Reply::Failed { failed: fault.to_string() }))?;
    }
    Ok(())
}

fn timed(entrant: &mut dyn Entrant, times: u32) -> Result<Call, Failure> {
    let resident = forget_peak();
    let (wall, processor) = (Instant::now(), ProcessTime::now());
    for _ in 0..times {
        entrant.call()?;
    }
    let (wall, processor) = (wall.elapsed().as_secs_f64(), processor.elapsed().as_secs_f64());
    let calls = f64::from(times);
    Ok(Call { wall_seconds: wall / calls, cpu_seconds: processor / calls, resident, peak: memory("VmHWM:") })
}

fn write_answer(entrant: &dyn Entrant, path: &Path) -> Result<(), Failure> {
    Ok(ndarray_npy::write_npy(path, &entrant.answer()?)?)
}

/// Lets the peak of the resident memory begin anew, and gives what is resident, in bytes; where the system cannot, nothing.
fn forget_peak() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    memory("VmRSS:")
}

fn memory(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.parse().ok().map(|kilobytes: u64| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, ArrayD};

    use super::super::{Judged, Ours, entrant};
    use super::*;

    fn doubling() -> Contest {
        let load = |_: &Path| {
            let mut number = 1.0;
            let call = move || {
                number *= 2.0;
                if number > 8.0 { Err("too large".into()) } else { Ok(number) }
            };
            Ok(entrant(call, |number| Array1::from(vec![*number]).into_dyn()))
        };
        Contest {
            id: "doubling",
            title: "Doubling",
            work: "Double a number.",
            judged: Judged { name: "number", target: None },
            write_inputs: |_, _, _| Ok(()),
            ours: vec![Ours { name: "ours", differs: None, load }],
            rivals: Vec::new(),
            judge: |_, answer| Ok(answer.sum()),
        }
    }

    #[test]
    fn an_entrant_is_called_as_often_as_told_and_faults_are_replies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.npy");
        let lines = format!("answer {0}\ncall 3\nanswer {0}\ncall 1\njump\n", path.display());
        let mut replies = Vec::new();
        contend(&doubling(), "ours", folder.path(), lines.as_bytes(), &mut replies).unwrap();
        let replies = String::from_utf8(replies).unwrap();
        let replies: Vec<&str> = replies.lines().collect();
        assert!(replies[0].starts_with("{\"ready\":"), "{replies:?}");
        assert_eq!(replies[1], "{\"failed\":\"there was no call yet\"}");
        let call: Call = serde_json::from_str(replies[2]).unwrap();
        assert!(call.wall_seconds >= 0.0 && call.cpu_seconds >= 0.0);
        assert_eq!(replies[3], "{\"answered\":true}");
        assert_eq!(replies[4], "{\"failed\":\"too large\"}");
        assert!(replies[5].contains("jump: expected"), "{replies:?}");
        let answer: ArrayD<f64> = ndarray_npy::read_npy(&path).unwrap();
        assert_eq!((doubling().judge)(folder.path(), &answer).unwrap(), 8.0);
        assert!(contend(&doubling(), "theirs", folder.path(), "".as_bytes(), Vec::new()).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_is_that_of_the_call() {
        struct Block(usize);
        impl Entrant for Block {
            fn call(&mut self) -> Result<(), Failure> {
                let block = vec![1_u8; self.0];
                std::hint::black_box(&block);
                Ok(())
            }
            fn answer(&self) -> Result<ArrayD<f64>, Failure> {
                Err("none".into())
            }
        }
        let added = |size: usize| {
            let call = timed(&mut Block(size), 1).unwrap();
            call.peak.zip(call.resident).map(|(peak, resident)| peak - resident)
        };
        // A container may forbid that the peak begins anew; the kernel counts pages in batches, so nearly is all one can say.
        if let (Some(large), Some(small)) = (added(200_000_000), added(1_000_000)) {
            assert!(large > 190_000_000 && small < 100_000_000, "{large} and {small}");
        }
    }
}
