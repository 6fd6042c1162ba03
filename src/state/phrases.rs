//! The page's words in another language: an English text becomes its translation, by a file of phrases.
//!
//! English is the key (docs/decisions/020). A phrase is a whole text or a part of one, such as a sentence; what varies in it has a number:
//! `{1} of {2} dates`. What no phrase says stays English: names, files, units.

use std::collections::BTreeMap;

/// A phrase with fewer letters of its own (`{1} to {2}`) would fit into any sentence: it holds only between words or phrases.
const FEW_LETTERS: usize = 5;
/// Patterns that are tried on a text, at most.
const CANDIDATES: usize = 12;

/// Where texts are put together, the widest first; sentences come before these.
const JOINTS: [&str; 4] = ["; ", ": ", " · ", ", "];

/// A piece of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// What varies, by its number.
    Slot(u32),
}

/// Cuts a phrase at its numbers.
fn pieces(phrase: &str) -> Vec<Piece> {
    let (mut found, mut rest) = (Vec::new(), phrase);
    let mut text = String::new();
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        text.push_str(before);
        let number = from[1..].find('}').and_then(|end| Some((end, from[1..=end].parse().ok()?)));
        if let Some((end, number)) = number {
            if !text.is_empty() {
                found.push(Piece::Text(std::mem::take(&mut text)));
            }
            found.push(Piece::Slot(number));
            rest = &from[end + 2..];
        } else {
            text.push('{');
            rest = &from[1..];
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    found
}

/// The numbers of a phrase, in order.
#[must_use]
pub fn slots(phrase: &str) -> Vec<u32> {
    let mut slots: Vec<u32> = pieces(phrase)
        .into_iter()
        .filter_map(|piece| if let Piece::Slot(number) = piece { Some(number) } else { None })
        .collect();
    slots.sort_unstable();
    slots
}

/// A phrase with something that varies.
#[derive(Debug)]
struct Pattern {
    from: Vec<Piece>,
    to: Vec<Piece>,
    /// Letters of its own.
    letters: usize,
}

impl Pattern {
    /// What stands in the slots of a text that fits.
    fn fit<'t>(&self, text: &'t str) -> Option<Vec<(u32, &'t str)>> {
        // Most end otherwise, and need not be looked at.
        if let Some(Piece::Text(end)) = self.from.last()
            && !text.ends_with(end.as_str())
        {
            return None;
        }
        let mut rest = text;
        let mut found = Vec::new();
        let mut slot = None;
        for (n, piece) in self.from.iter().enumerate() {
            match piece {
                Piece::Slot(number) => slot = Some(*number),
                Piece::Text(literal) => {
                    let at = match slot {
                        None => rest.starts_with(literal.as_str()).then_some(0)?,
                        // The last one stands at the end.
                        Some(_) if n + 1 == self.from.len() => rest
                            .len()
                            .checked_sub(literal.len())
                            .filter(|_| rest.ends_with(literal.as_str()))?,
                        // Something varies before it.
                        Some(_) => {
                            let first = rest.chars().next()?.len_utf8();
                            first + rest.get(first..)?.find(literal.as_str())?
                        }
                    };
                    if let Some(number) = slot.take() {
                        found.push((number, &rest[..at]));
                    }
                    rest = &rest[at + literal.len()..];
                }
            }
        }
        match slot {
            Some(number) => found.push((number, rest)),
            None if rest.is_empty() => {}
            None => return None,
        }
        found.iter().all(|(_, part)| !part.trim().is_empty()).then_some(found)
    }
}

/// The phrases of a language.
#[derive(Debug)]
pub struct Phrases {
    whole: BTreeMap<String, String>,
    /// Those with most letters first.
    patterns: Vec<Pattern>,
}

impl Phrases {
    /// From English phrases and their translations.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let (mut whole, mut patterns) = (BTreeMap::new(), Vec::new());
        for (from, to) in pairs {
            let (from, to) = (units(&from), units(&to));
            let cut = pieces(&from);
            if cut.iter().any(|piece| matches!(piece, Piece::Slot(_))) {
                let letters = |piece: &Piece| match piece {
                    Piece::Text(text) => text.chars().filter(|c| c.is_alphabetic()).count(),
                    Piece::Slot(_) => 0,
                };
                let letters = cut.iter().map(letters).sum();
                patterns.push(Pattern { from: cut, to: pieces(&to), letters });
            } else {
                whole.insert(from, to);
            }
        }
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.letters));
        Self { whole, patterns }
    }

    /// A text of the page; `None` where it stays as it is.
    #[must_use]
    pub fn translate(&self, text: &str) -> Option<String> {
        self.turn(&units(text), &mut Vec::new()).filter(|turned| turned != text)
    }

    /// The parts of a text that no phrase says.
    #[must_use]
    pub fn unknown(&self, text: &str) -> Vec<String> {
        let mut unknown = Vec::new();
        self.turn(&units(text), &mut unknown);
        unknown
    }

    /// A text in the other language, as far as it is known; `None` where nothing of it is.
    fn turn(&self, text: &str, unknown: &mut Vec<String>) -> Option<String> {
        if !has_words(text) {
            return None;
        }
        let line = text.trim();
        let core = core(line);
        let within = |core: &str, said: String| {
            let at = text.find(core).unwrap_or_default();
            format!("{}{said}{}", &text[..at], &text[at + core.len()..])
        };
        if let Some(said) = self.whole(line) {
            return Some(within(line, said));
        }
        if let Some(said) = self.whole(core) {
            return Some(within(core, said));
        }
        let mut left = Vec::new();
        if let Some(said) = self.pattern(line, &mut left) {
            // A phrase that began in one element of a list is not to end in another.
            let elements = parts(text, JOINTS[0]);
            if elements.len() > 1 && !left.is_empty() {
                let mut of_elements = Vec::new();
                let joined = self.joined(&elements, JOINTS[0], &mut of_elements);
                if of_elements.len() < left.len() {
                    unknown.append(&mut of_elements);
                    return joined;
                }
            }
            unknown.append(&mut left);
            return Some(within(line, said));
        }
        if core.len() < text.len() {
            return self.turn(core, unknown).map(|said| within(core, said));
        }
        let sentences = sentences(text);
        if sentences.len() > 1 {
            return self.sentences(text, &sentences, unknown);
        }
        for joint in JOINTS {
            let parts = parts(text, joint);
            if parts.len() > 1 {
                // French has a blank before a colon.
                let joint = self.whole.get(joint).map_or(joint, String::as_str);
                return self.joined(&parts, joint, unknown);
            }
        }
        if let Some((before, inside, after)) = brackets(text) {
            let said = [before, inside, after].map(|part| self.turn(part, unknown));
            return said.iter().any(Option::is_some).then(|| {
                let [before, inside, after] = [(0, before), (1, inside), (2, after)]
                    .map(|(n, part)| said[n].as_deref().unwrap_or(part));
                format!("{before}({inside}){after}")
            });
        }
        unknown.push(text.to_owned());
        None
    }

    /// The longest rows of sentences that are known, one after the other.
    fn sentences(&self, text: &str, starts: &[usize], unknown: &mut Vec<String>) -> Option<String> {
        let (mut out, mut known) = (String::new(), false);
        let end = |n: usize| starts.get(n).copied().unwrap_or(text.len());
        let mut at = 0;
        while at < starts.len() {
            let row = (at + 1..=starts.len()).rev().find_map(|to| {
                let row = &text[starts[at]..end(to)];
                let mut parts = Vec::new();
                let turned = self.sentence(row, &mut parts).filter(|_| to > at + 1)?;
                unknown.append(&mut parts);
                Some((to, turned))
            });
            let (to, turned) = row.map_or_else(
                || (at + 1, self.turn(&text[starts[at]..end(at + 1)], unknown)),
                |(to, turned)| (to, Some(turned)),
            );
            known |= turned.is_some();
            out.push_str(turned.as_deref().unwrap_or(&text[starts[at]..end(to)]));
            at = to;
        }
        known.then_some(out)
    }

    /// A row of sentences that is one phrase, with the blanks around it.
    fn sentence(&self, row: &str, unknown: &mut Vec<String>) -> Option<String> {
        let core = row.trim();
        let at = row.find(core)?;
        let said = self.whole(core).or_else(|| self.pattern(core, unknown))?;
        Some(format!("{}{said}{}", &row[..at], &row[at + core.len()..]))
    }

    /// What stands between joints, each by itself.
    fn joined(&self, parts: &[&str], joint: &str, unknown: &mut Vec<String>) -> Option<String> {
        let turned: Vec<Option<String>> = parts.iter().map(|part| self.turn(part, unknown)).collect();
        turned.iter().any(Option::is_some).then(|| {
            let said = turned.iter().zip(parts).map(|(turned, part)| turned.as_deref().unwrap_or(part));
            said.collect::<Vec<_>>().join(joint)
        })
    }

    /// A text that is a phrase without anything that varies.
    fn whole(&self, text: &str) -> Option<String> {
        as_written(text, &mut |text| self.whole.get(text).cloned())
    }

    /// A text that is a phrase in which something varies.
    fn pattern(&self, text: &str, unknown: &mut Vec<String>) -> Option<String> {
        // As it is written it may be known in part, and with or without its full stop whole.
        as_written(text, &mut |text| self.fit(text, unknown, true))
            .or_else(|| as_written(text, &mut |text| self.fit(text, unknown, false)))
    }

    /// By the pattern that leaves nothing unknown; where each leaves something, and the text need not be known whole, by that with most
    /// letters.
    fn fit(&self, text: &str, unknown: &mut Vec<String>, whole: bool) -> Option<String> {
        let fitting = self.patterns.iter().filter_map(|pattern| {
            let found = pattern.fit(text)?;
            let fits = |(_, part): &(u32, &str)| {
                if pattern.letters < FEW_LETTERS {
                    let amount = part.starts_with(|c: char| c.is_ascii_digit())
                        && part.matches(' ').count() < 3
                        && !part.contains(", ");
                    amount || !part.contains(' ') || !has_words(part) || self.whole.contains_key(*part)
                } else {
                    // A sentence ends inside brackets only.
                    sentences(part).len() < 2
                }
            };
            // Brackets that begin or end in what varies are of another phrase: a list has several.
            (found.iter().all(|(_, part)| balanced(part)) && found.iter().all(fits))
                .then_some((pattern, found))
        });
        let mut first = None;
        for (pattern, found) in fitting.take(CANDIDATES) {
            let mut left = Vec::new();
            let mut said = |number: u32| {
                let part = found.iter().find(|(n, _)| *n == number).map_or("", |(_, part)| *part);
                self.turn(part, &mut left).unwrap_or_else(|| part.to_owned())
            };
            let filled = fill(&pattern.to, &mut said);
            if left.is_empty() {
                return Some(filled);
            }
            first.get_or_insert((filled, left));
        }
        let (filled, mut left) = first.filter(|_| !whole)?;
        unknown.append(&mut left);
        Some(filled)
    }
}

/// What is found of a text as it is written, with or without its full stop, its first letter large or small.
fn as_written(text: &str, find: &mut impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut either = |text: &str| {
        find(text).or_else(|| {
            let said = find(&flipped(text)?)?;
            Some(flipped(&said).unwrap_or(said))
        })
    };
    either(text).or_else(|| match text.strip_suffix('.') {
        Some(open) => either(open).map(|said| said + "."),
        None => either(&format!("{text}.")).and_then(|said| said.strip_suffix('.').map(str::to_owned)),
    })
}

/// Every bracket that ends began in it, and the other way round.
fn balanced(text: &str) -> bool {
    let depth = text.chars().try_fold(0u32, |depth, c| match c {
        '(' => Some(depth + 1),
        ')' => depth.checked_sub(1),
        _ => Some(depth),
    });
    depth == Some(0)
}

/// A text without what ends it and what it is joined with, and without brackets around all of it.
fn core(text: &str) -> &str {
    const JOINS: [char; 14] = [' ', '\n', '\u{a0}', ',', ';', '.', ':', '·', '…', '?', '“', '”', '"', '▲'];
    let text = text.trim_matches(JOINS);
    match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(inside) if !inside.contains(['(', ')']) => inside.trim_matches(JOINS),
        _ => text,
    }
}

/// The page writes units with their powers, the worker without.
fn units(text: &str) -> String {
    text.replace("m3/m3", "m³/m³")
}

/// A translation with its slots filled.
fn fill(pieces: &[Piece], mut said: impl FnMut(u32) -> String) -> String {
    let text = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Slot(number) => said(*number),
    });
    text.collect()
}

/// Something in it can be said in another language.
fn has_words(text: &str) -> bool {
    let mut before = false;
    text.chars().any(|c| {
        let letter = c.is_alphabetic();
        std::mem::replace(&mut before, letter) && letter
    })
}

/// With its first letter in the other case; `None` for an abbreviation, and where it has no case.
fn flipped(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let (first, rest) = (letters.next()?, letters.as_str());
    if rest.chars().next().is_some_and(char::is_uppercase) {
        return None;
    }
    match (first.is_uppercase(), first.is_lowercase()) {
        (true, _) => Some(first.to_lowercase().chain(rest.chars()).collect()),
        (_, true) => Some(first.to_uppercase().chain(rest.chars()).collect()),
        _ => None,
    }
}

/// A text cut at a joint, outside brackets.
fn parts<'t>(text: &'t str, joint: &str) -> Vec<&'t str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth <= 0 && at >= start && text[at..].starts_with(joint) => {
                found.push(&text[start..at]);
                start = at + joint.len();
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

/// What stands before the first brackets, in them, and after them.
fn brackets(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('(')?;
    let mut depth = 1;
    let end = rest.char_indices().find_map(|(at, c)| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        (depth == 0).then_some(at)
    })?;
    Some((before, &rest[..end], &rest[end + 1..]))
}

/// Where sentences begin: after a full stop and a blank or a line's end, before a large letter, outside brackets.
fn sentences(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let (mut depth, mut ended, mut blank) = (0i32, false, false);
    for (at, c) in text.char_indices() {
        match c {
            '\n' if at > 0 => (ended, blank) = (true, true),
            ' ' => blank = ended,
            _ => {
                let begins = c.is_uppercase() || c.is_ascii_digit() || matches!(c, '“' | '▲' | '±');
                if ended && blank && begins && depth == 0 {
                    starts.push(at);
                }
                (ended, blank) = (matches!(c, '.' | '?' | '!'), false);
                match c {
                    '(' | '“' => depth += 1,
                    ')' | '”' => depth = (depth - 1).max(0),
                    _ => {}
                }
            }
        }
    }
    starts
}
