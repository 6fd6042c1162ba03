//! A request that failed, in two halves: what happened and why; what to do.

use serde::{Deserialize, Serialize};

/// What happened, why, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened and why.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Said where an error says nothing of what to do.
const FALLBACK: &str = "Try again; if it happens again, choose another date, region or file.";

/// What the errors' own advice begins with.
const VERBS: [&str; 25] = [
    "add",
    "check",
    "choose",
    "cut",
    "delete",
    "export",
    "fill",
    "free",
    "give",
    "go",
    "leave",
    "load",
    "look",
    "move",
    "name",
    "open",
    "press",
    "reload",
    "reproject",
    "resample",
    "save",
    "set",
    "start",
    "try",
    "use",
];

impl Failure {
    /// With advice of its own.
    #[must_use]
    pub fn new(what: impl ToString, remedy: &str) -> Self {
        if remedy.is_empty() {
            Self::of(&what.to_string())
        } else {
            Self { what: what.to_string(), remedy: remedy.to_owned() }
        }
    }

    /// From an error's text. By the project's rule it says what happened, why, and what to do: "...: choose another date", or "... . Open
    /// more files". The advice is the remedy, so that it is written once.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let advice = |at: &usize| {
            let rest = text.get(at + 2..).unwrap_or_default();
            let first = rest.split([' ', ':', ',']).next().unwrap_or_default().to_lowercase();
            VERBS.contains(&first.as_str())
        };
        let marks = text.match_indices(": ").chain(text.match_indices(". ")).map(|(at, _)| at);
        let Some(at) = marks.filter(advice).min() else {
            return Self { what: text.to_owned(), remedy: FALLBACK.to_owned() };
        };
        let (what, rest) = text.split_at(at);
        let mut rest = rest.get(2..).unwrap_or_default().chars();
        let first = rest.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        let end = if text.ends_with(['.', ')', '"']) { "" } else { "." };
        Self { what: what.to_owned(), remedy: format!("{first}{}{end}", rest.as_str()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_of_an_error_is_the_remedy() {
        let of = |text: &str| {
            let Failure { what, remedy } = Failure::of(text);
            (what, remedy)
        };
        let said =
            of("SMAP did not see a single cell of this region on 2020-06-01: choose another date or region");
        assert_eq!(said.0, "SMAP did not see a single cell of this region on 2020-06-01");
        assert_eq!(said.1, "Choose another date or region.");
        let said = of("the storage is full: runs/1 needs 12 bytes. Delete old runs, or free disk space");
        assert_eq!(
            said,
            (
                "the storage is full: runs/1 needs 12 bytes".into(),
                "Delete old runs, or free disk space.".into()
            )
        );
        // Two sentences of advice stay together.
        let said = of("the result could not be read: it is gone. Reload, or use the CPU. Use other weights");
        assert_eq!(said.1, "Reload, or use the CPU. Use other weights.");
        assert_eq!(of("the values do not fit").1, FALLBACK);
    }

    #[test]
    fn no_remedy_is_empty() {
        assert!(!Failure::new("a", "").remedy.is_empty());
        assert_eq!(Failure::new("a: choose b", "Press c.").remedy, "Press c.");
    }
}
