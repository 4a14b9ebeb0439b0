//! Streams as text: `+ id` inserts, `- id` deletes, `#` begins a comment.

use std::collections::BTreeMap;
use std::io::BufRead;

use dynamic_submodular::Operation;

/// Reads operations from text, a line at a time.
pub struct Lines<R> {
    reader: R,
    /// What messages call the stream.
    name: String,
    /// The element of each id; where there is none, ids are elements.
    elements: Option<BTreeMap<u64, usize>>,
    line: usize,
    text: String,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R, name: String, elements: Option<BTreeMap<u64, usize>>) -> Self {
        Self { reader, name, elements, line: 0, text: String::new() }
    }

    /// The next operation and its line.
    ///
    /// # Errors
    /// One line with the stream, the line and the fault.
    pub fn next(&mut self) -> Result<Option<(usize, Operation)>, String> {
        loop {
            self.text.clear();
            self.line += 1;
            match self.reader.read_line(&mut self.text) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(fault) => return Err(self.at(self.line, &fault.to_string())),
            }
            let text = self.text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let operation = text
                .split_at_checked(1)
                .map(|(sign, id)| (sign, id.trim()))
                .filter(|(_, id)| id.bytes().all(|digit| digit.is_ascii_digit()))
                .and_then(|(sign, id)| Some((sign, id.parse::<u64>().ok()?)));
            let (sign, id) = match operation {
                Some((sign @ ("+" | "-"), id)) => (sign, id),
                _ => {
                    let shown: String = text.chars().take(40).collect();
                    return Err(self.at(self.line, &format!("expected `+ id` or `- id`, found {shown:?}")));
                }
            };
            let element = match &self.elements {
                Some(elements) => elements.get(&id).copied(),
                None => usize::try_from(id).ok(),
            };
            let Some(element) = element else {
                return Err(self.at(self.line, &format!("unknown id {id}")));
            };
            let operation = if sign == "+" { Operation::Insert(element) } else { Operation::Delete(element) };
            return Ok(Some((self.line, operation)));
        }
    }

    /// A message about a line.
    pub fn at(&self, line: usize, fault: &str) -> String {
        format!("{} line {line}: {fault}", self.name)
    }
}
