//! No text of the source lacks its translation: string literals that read as words are looked for in the files of words.

use std::path::{Path, PathBuf};

use super::phrases::{LANGUAGES, file};
use crate::state::phrases::Phrases;

/// Where texts of the page are written.
const FOLDERS: [&str; 5] = ["src/ui", "src/state", "src/protocol", "src/session", "src/link"];

/// What is written into files that are taken away, which stay English; tests; and this program's own machinery.
const LEFT: [&str; 6] =
    ["/tests/", "ui/figure.rs", "ui/card.rs", "session/provenance.rs", "ui/adapter.rs", "train/runs.rs"];

/// Literals that nobody reads: files, fonts, style, selectors, names; and the messages of what cannot happen.
const NO_WORDS: [&str; 13] = [
    "sans-serif",
    "loam train",
    "# SIMULATED",
    "# series",
    ".side.right",
    "an attachment of",
    "not an array",
    "no head",
    "its head is damaged",
    "RequestError",
    "a bit for each field",
    "season statistics of",
    "the page of Loam",
];

/// What is before a literal that is no text of the page.
const NO_TEXT: [&str; 5] = ["class=", "reason = ", "expect(", "name(", "dotmark"];

/// The string literals of a source file that may be read, with the line they end on; tests at its end are left out.
fn literals(source: &str) -> Vec<(usize, String)> {
    let source = source.split("\n#[cfg(test)]\n").next().unwrap_or_default();
    let (mut found, mut line) = (Vec::new(), 1);
    let mut rest = source.char_indices().peekable();
    let (mut text, mut is_text, mut in_view): (Option<String>, bool, bool) = (None, true, false);
    let mut before = ' ';
    while let Some((at, c)) = rest.next() {
        line += usize::from(c == '\n');
        match (&mut text, c) {
            (Some(_), '"') => found.extend(
                text.take()
                    .filter(|text| is_text && (reads_as_words(text) || in_view && is_word(text.trim())))
                    .map(|text| (line, text)),
            ),
            (Some(text), '\\') => match rest.next() {
                Some((_, '\n')) => {
                    line += 1;
                    while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
                }
                Some((_, 'n')) => text.push('\n'),
                // A blank of some width.
                Some((_, 'u')) => {
                    while rest.next_if(|(_, c)| *c != '}').is_some() {}
                    rest.next();
                    text.push(' ');
                }
                Some((_, c)) => text.push(c),
                None => {}
            },
            (Some(text), c) => text.push(c),
            (None, '"') => {
                let start = source[..at].rfind(['\n', '>']).unwrap_or_default();
                is_text = !NO_TEXT.iter().any(|sign| source[start..at].contains(sign));
                in_view = source[..at].ends_with('>');
                text = Some(String::new());
            }
            (None, '/') if before == '/' => while rest.next_if(|(_, c)| *c != '\n').is_some() {},
            // A letter, not a lifetime.
            (None, '\'') => {
                let letter = &source[at + 1..];
                let length = if letter.starts_with('\\') { 2 } else { 1 };
                if letter.chars().nth(length) == Some('\'') {
                    rest.nth(length);
                }
            }
            _ => {}
        }
        before = c;
    }
    found
}

/// A word that is no abbreviation.
fn is_word(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.len() > 1 && word.chars().all(char::is_alphabetic) && word.chars().skip(1).all(char::is_lowercase)
}

/// Two words beside each other: it is said to somebody.
fn reads_as_words(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1]))
}

/// A text as it is said, with something in place of what varies: a number, a sentence before a sentence, nothing where it is joined to a word.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((_, after)) = after.split_once('}') else { return text.to_owned() };
        let joined = out.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | '.'))
            || after.starts_with(char::is_alphabetic);
        let sentence = after.strip_prefix(' ').is_some_and(|next| next.starts_with(char::is_uppercase));
        out.push_str(match (joined, sentence) {
            (true, _) => "",
            (_, true) => "7.",
            _ => "7",
        });
        rest = after;
    }
    out + rest
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_text_of_the_source_is_in_the_files_of_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| sources(&root.join(folder), &mut files));
    files.sort();
    for language in LANGUAGES {
        let phrases = Phrases::new(file(language));
        let (mut seen, mut missing) = (0, Vec::new());
        for path in &files {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if LEFT.iter().any(|left| name.contains(left)) {
                continue;
            }
            for (line, text) in literals(&std::fs::read_to_string(path).unwrap()) {
                if NO_WORDS.iter().any(|word| text.contains(word)) {
                    continue;
                }
                seen += 1;
                let unknown = phrases
                    .unknown(&filled(&text))
                    .into_iter()
                    .filter(|part| reads_as_words(part) || is_word(part));
                missing.extend(unknown.map(|part| format!("{name}:{line}: {part}")));
            }
        }
        assert!(seen > 500, "only {seen} texts were found");
        assert!(
            missing.is_empty(),
            "{language}: {} without a translation:\n{}",
            missing.len(),
            missing.join("\n")
        );
    }
}
