//! Fields of a line.

/// What separates the fields of a table: the one that gives most fields in most of these lines.
pub(super) fn delimiter(lines: &[String]) -> char {
    let count = |mark: char| {
        let mut counts: Vec<usize> = lines.iter().map(|line| fields(line, mark).len()).collect();
        counts.sort_unstable();
        counts.get(counts.len() / 2).copied().unwrap_or(0)
    };
    // Of equals the first: a decimal comma makes as many fields as a comma between fields would.
    [';', '\t', ',', '|'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(',')
}

/// The fields of a line, without the quotes around them.
pub(super) fn fields(line: &str, delimiter: char) -> Vec<String> {
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => all.push(std::mem::take(&mut field).trim().to_owned()),
            c => field.push(c),
        }
    }
    all.push(field.trim().to_owned());
    all
}

/// A number with a decimal point, or with a decimal comma where fields are not separated by commas.
pub(super) fn number(text: &str, delimiter: char) -> Option<f64> {
    let plain = text.parse::<f64>().ok();
    let with_comma = || (delimiter != ',').then(|| text.replacen(',', ".", 1).parse::<f64>().ok()).flatten();
    plain.or_else(with_comma)
}
