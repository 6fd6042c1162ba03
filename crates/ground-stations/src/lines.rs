//! Lines of a text file of any size, read in chunks. Ends are LF, CR LF or CR alone, mixed too; empty lines are passed over.

use smap_files::SharedSource;

use crate::StationError;

/// Bytes read at once.
pub const CHUNK: usize = 512 << 10;
/// A line longer than this is none of a table.
const LONGEST: usize = 64 << 10;

/// What takes the lines: their numbers and texts.
type Take<'a> = dyn FnMut(u64, &[u8]) -> Result<(), StationError> + 'a;

/// A file and how far it is read.
pub struct Lines {
    source: SharedSource,
    offset: u64,
    /// What is read and not yet taken as lines.
    rest: Vec<u8>,
    number: u64,
}

impl Lines {
    /// From the beginning.
    #[must_use]
    pub fn new(source: SharedSource) -> Self {
        Self { source, offset: 0, rest: Vec::new(), number: 0 }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.offset
    }

    /// The first line that is not empty, within the first 4 kB.
    #[must_use]
    pub fn first(self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.source.len()).unwrap_or(usize::MAX).min(4096);
        let mut head = vec![0; length];
        self.source.read_at(0, &mut head).ok()?;
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
        let mut lines = head.split(|b| matches!(b, b'\n' | b'\r'));
        lines.find(|line| !line.iter().all(u8::is_ascii_whitespace)).map(<[u8]>::to_vec)
    }

    /// Reads a chunk and hands its lines to `take`, each with its number from 1 (empty ones are not counted). False once the file is over.
    ///
    /// # Errors
    /// Those of the source, of `take`, and [`StationError::NoTable`] for a line without end.
    pub fn step(&mut self, take: &mut Take<'_>) -> Result<bool, StationError> {
        let left = self.source.len().saturating_sub(self.offset);
        let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let old = self.rest.len();
        self.rest.resize(old + length, 0);
        if length > 0 {
            self.source.read_at(self.offset, &mut self.rest[old..])?;
        }
        if self.offset == 0 && self.rest.starts_with(b"\xef\xbb\xbf") {
            self.rest.drain(..3);
        }
        self.offset += length as u64;
        let over = self.offset >= self.source.len();
        let mut start = 0;
        while let Some(end) = self.rest[start..].iter().position(|b| matches!(b, b'\n' | b'\r')) {
            self.number = line(&self.rest[start..start + end], self.number, take)?;
            start += end + 1;
        }
        if over {
            self.number = line(&self.rest[start..], self.number, take)?;
            start = self.rest.len();
        }
        self.rest.drain(..start);
        if self.rest.len() > LONGEST {
            return Err(StationError::NoTable("it has no lines".to_owned()));
        }
        Ok(!over)
    }
}

fn line(text: &[u8], number: u64, take: &mut Take<'_>) -> Result<u64, StationError> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(number);
    }
    take(number + 1, text)?;
    Ok(number + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use smap_files::BytesSource;

    use super::*;

    #[test]
    fn every_end_of_line_and_lines_across_chunks() {
        let mut text = b"\xef\xbb\xbfa\nb\r\n\r\nc\rd\n\re\n".to_vec();
        for n in 0..200_000 {
            text.extend_from_slice(format!("line {n}\r\n").as_bytes());
        }
        text.extend_from_slice(b"last");
        let mut lines = Lines::new(Arc::new(BytesSource::new("x", text)));
        let mut found: Vec<String> = Vec::new();
        while lines
            .step(&mut |number, line| {
                found.push(String::from_utf8_lossy(line).into_owned());
                assert_eq!(number, found.len() as u64);
                Ok(())
            })
            .unwrap()
        {}
        assert_eq!(found[..5], ["a", "b", "c", "d", "e"]);
        assert_eq!((found.len(), found[5].as_str()), (200_006, "line 0"));
        assert_eq!(found[200_004..], ["line 199999", "last"]);
    }
}
