//! Which weights are in use, as one line of text that outlasts the page.

use loam_core::training::RunId;

const RUN: &str = "run ";
const FILE: &str = "file ";

/// Weights in use, as far as a reload can bring them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remembered {
    /// Those shipped with the page.
    Shipped,
    /// Those of a finished run.
    Run(RunId),
    /// Those of a file of this name.
    File(String),
}

impl Remembered {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Shipped => "shipped".to_owned(),
            Self::Run(run) => format!("{RUN}{run}"),
            Self::File(name) => format!("{FILE}{name}"),
        }
    }

    /// From what was written; anything else is taken for the shipped ones.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match (text.strip_prefix(RUN), text.strip_prefix(FILE)) {
            (Some(run), _) => Self::Run(run.to_owned()),
            (_, Some(name)) => Self::File(name.to_owned()),
            _ => Self::Shipped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_comes_back_as_it_was_written() {
        for in_use in [
            Remembered::Shipped,
            Remembered::Run("1700000000000".into()),
            Remembered::File("run my own.safetensors".into()),
        ] {
            assert_eq!(Remembered::parse(&in_use.text()), in_use);
        }
        assert_eq!(Remembered::parse("of another time"), Remembered::Shipped);
    }
}
