//! The paths that a Rust file names: `use` trees and inline ones. Comments, texts and test modules are left out.

use std::collections::BTreeMap;

/// What one file names.
#[derive(Debug, Default)]
pub(super) struct Imports {
    /// Each path with the inline modules it is written in.
    pub paths: Vec<(Vec<String>, Vec<String>)>,
    /// Names that a `use` at any place of the file brings in, with their paths.
    pub aliases: BTreeMap<String, Vec<String>>,
}

/// Reads a file's text.
pub(super) fn imports(text: &str) -> Imports {
    let tokens = without_tests(tokens(text));
    let mut found = Imports::default();
    // Inline modules, each with the depth of braces it was opened at.
    let (mut inline, mut depth) = (Vec::<(String, usize)>::new(), 0usize);
    let mut i = 0;
    let is = |i: usize, what: &str| tokens.get(i).is_some_and(|t| t == what);
    while let Some(token) = tokens.get(i) {
        match token.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inline.pop_if(|(_, opened)| *opened == depth);
            }
            "mod" if is(i + 2, "{") => {
                inline.extend(tokens.get(i + 1).map(|name| (name.clone(), depth)));
                (depth, i) = (depth + 1, i + 2);
            }
            "use" => {
                let within: Vec<String> = inline.iter().map(|m| m.0.clone()).collect();
                i = tree(&tokens, i + 1, &[], &within, &mut found);
                continue;
            }
            name if is_name(name) && is(i + 1, "::") && !(i > 0 && (is(i - 1, "::") || is(i - 1, "."))) => {
                let mut path = vec![name.to_owned()];
                while is(i + 1, "::") && tokens.get(i + 2).is_some_and(|t| is_name(t)) {
                    path.extend(tokens.get(i + 2).cloned());
                    i += 2;
                }
                found.paths.push((inline.iter().map(|m| m.0.clone()).collect(), path));
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// One tree of a `use`, from token `i` on; returns the token after it.
fn tree(tokens: &[String], mut i: usize, prefix: &[String], inline: &[String], found: &mut Imports) -> usize {
    let mut path = prefix.to_vec();
    let mut alias = None;
    while let Some(token) = tokens.get(i) {
        match token.as_str() {
            "{" => {
                i += 1;
                while tokens.get(i).is_some_and(|t| t != "}") {
                    i = tree(tokens, i, &path, inline, found);
                    i += usize::from(tokens.get(i).is_some_and(|t| t == ","));
                }
                return i + 1;
            }
            "as" => {
                alias = tokens.get(i + 1).cloned();
                i += 1;
            }
            "self" if !path.is_empty() => {}
            "::" | "*" => {}
            name if is_name(name) => path.push(name.to_owned()),
            _ => break,
        }
        i += 1;
    }
    if let Some(name) = alias.or_else(|| path.last().cloned()) {
        if inline.is_empty() && path.len() > 1 {
            found.aliases.entry(name).or_insert_with(|| path.clone());
        }
        found.paths.push((inline.to_vec(), path));
    }
    // Past the semicolon of a whole `use`; a tree within braces ends at a comma or a brace, which the caller looks at.
    i + usize::from(tokens.get(i).is_some_and(|t| t == ";"))
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Without items under `#[cfg(test)]` and `#[cfg(doc)]`, which the programs do not have.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut rest = tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let begins = |what| rest.iter().take(6).map(String::as_str).eq(["#", "[", "cfg", "(", what, ")"]);
        if begins("test") || begins("doc") {
            let mut depth = 0usize;
            let end = rest.iter().skip(7).position(|t| {
                match t.as_str() {
                    "{" => depth += 1,
                    "}" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0 && (t == "}" || t == ";")
            });
            rest = end.and_then(|end| rest.get(7 + end + 1..)).unwrap_or_default();
        } else {
            kept.push(first.clone());
            rest = after;
        }
    }
    kept
}

/// Names, `::`, and single other characters. Texts and comments leave nothing, numbers what does no harm.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = at(i);
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0usize;
            while i < chars.len() {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 {
                    break;
                }
            }
        } else if c == '"' {
            i = after_text(&chars, i);
        } else if c == '\'' {
            // A character ('x', '\n', '\u{1F}') or a lifetime ('a).
            i += match (at(i + 1), at(i + 2)) {
                ('\\', _) => 3 + chars.iter().skip(i + 3).position(|c| *c == '\'').unwrap_or(0) + 1,
                (_, '\'') => 3,
                _ => 1,
            };
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            let word: String = chars.get(start..i).unwrap_or_default().iter().collect();
            let hashes = chars.iter().skip(i).take_while(|c| **c == '#').count();
            if word.ends_with('r') && word.len() <= 2 && at(i + hashes) == '"' {
                let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                i += hashes + 1;
                while i < chars.len() && !chars.get(i..).unwrap_or_default().starts_with(&end) {
                    i += 1;
                }
                i += end.len();
            } else {
                tokens.push(word);
            }
        } else if c == ':' && at(i + 1) == ':' {
            tokens.push("::".to_owned());
            i += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            i += 1;
        }
    }
    tokens
}

fn after_text(chars: &[char], quote: usize) -> usize {
    let mut i = quote + 1;
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    i
}
