use crate::program::{failure, readme_commands, refusal, smoke_verdicts, text};
#[test]
fn x() {
    let _ = (text, refusal, readme_commands, smoke_verdicts, failure);
}
