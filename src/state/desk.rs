//! What is open in the page, and what is put aside: a demo and the user's own files exclude each other, and either comes back.
//!
//! `T` is a row of the file list. Nothing here reads a file: the page tells the worker what this decides.

use jiff::civil::Date;

use loam_core::region_settings::RegionSettings;

/// Rows, region, rules and date, as they stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Aside<T> {
    /// Rows of the file list, with their corrections.
    pub rows: Vec<T>,
    /// Region and rules.
    pub settings: RegionSettings,
    /// The chosen date.
    pub date: Option<Date>,
}

/// A demo that comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoAside {
    /// Its region's key.
    pub key: String,
    /// Region and rules.
    pub settings: RegionSettings,
    /// The chosen date.
    pub date: Option<Date>,
}

/// What is open and what is put aside.
#[derive(Debug, Clone)]
pub struct Desk<T> {
    demo: Option<String>,
    own_aside: Option<Aside<T>>,
    demo_aside: Option<DemoAside>,
    /// Own files that were removed, batch by batch.
    removed: Vec<Aside<T>>,
}

impl<T> Default for Desk<T> {
    fn default() -> Self {
        Self { demo: None, own_aside: None, demo_aside: None, removed: Vec::new() }
    }
}

impl<T> Desk<T> {
    /// Key of the demo that is open; `None` with own files, or nothing.
    #[must_use]
    pub fn demo(&self) -> Option<&str> {
        self.demo.as_deref()
    }

    /// A demo is opened: own files go aside, to those that are there already.
    pub fn open_demo(&mut self, key: &str, present: Aside<T>) {
        if self.demo.is_none() || !present.rows.is_empty() {
            self.put_own_aside(present);
        }
        self.demo = Some(key.to_owned());
        self.demo_aside = None;
    }

    /// Own files are opened. True where a demo was open: it is put aside, and the worker must forget it.
    pub fn open_own(&mut self, settings: &RegionSettings, date: Option<Date>) -> bool {
        let Some(key) = self.demo.take() else { return false };
        self.demo_aside = Some(DemoAside { key, settings: settings.clone(), date });
        true
    }

    /// Everything that is open is removed, so that it can come back.
    pub fn remove_all(&mut self, present: Aside<T>) {
        if !self.open_own(&present.settings, present.date) && !present.rows.is_empty() {
            self.removed.push(present);
        }
    }

    /// One of the own files is removed.
    pub fn remove(&mut self, row: T, settings: &RegionSettings, date: Option<Date>) {
        self.removed.push(Aside { rows: vec![row], settings: settings.clone(), date });
    }

    /// The own files that were removed last, to be read again.
    pub fn undo_removal(&mut self) -> Option<Aside<T>> {
        if self.demo.is_some() { None } else { self.removed.pop() }
    }

    /// What was removed will not be asked for again.
    pub fn forget_removed(&mut self) {
        self.removed.clear();
    }

    /// The own files come back, to be read again. True where a demo was open: it is put aside, and the worker must forget it.
    pub fn back_to_own(&mut self, settings: &RegionSettings, date: Option<Date>) -> Option<(Aside<T>, bool)> {
        let own = self.own_aside.take()?;
        Some((own, self.open_own(settings, date)))
    }

    /// The demo comes back: own files go aside.
    pub fn back_to_demo(&mut self, present: Aside<T>) -> Option<DemoAside> {
        let demo = self.demo_aside.take()?;
        self.open_demo(&demo.key, present);
        Some(demo)
    }

    /// The demo comes back beside own files of which none could be read.
    pub fn demo_returns(&mut self) -> Option<DemoAside> {
        let demo = self.demo_aside.take()?;
        self.demo = Some(demo.key.clone());
        Some(demo)
    }

    fn put_own_aside(&mut self, present: Aside<T>) {
        // With nothing open, what was removed last is what the user would miss.
        let present = if present.rows.is_empty() { self.removed.pop().unwrap_or(present) } else { present };
        match &mut self.own_aside {
            Some(aside) => aside.rows.extend(present.rows),
            None if present.rows.is_empty() => {}
            none => *none = Some(present),
        }
    }

    /// What the bar says of own files that are put aside, and its button.
    #[must_use]
    pub fn own_text(&self) -> Option<(String, &'static str)> {
        Some(match self.own_aside.as_ref()?.rows.len() {
            1 => ("1 file of your own is put aside.".to_owned(), "Bring it back"),
            n => (format!("{n} files of your own are put aside."), "Bring them back"),
        })
    }

    /// The same of a demo; `name` gives its place for people.
    #[must_use]
    pub fn demo_text(&self, name: impl FnOnce(&str) -> String) -> Option<(String, &'static str)> {
        self.demo_aside
            .as_ref()
            .map(|demo| (format!("The demo of {} is put aside.", name(&demo.key)), "Back to the demo"))
    }

    /// The same of what was removed last; `name` gives a row's name.
    #[must_use]
    pub fn removed_text(&self, name: impl FnOnce(&T) -> String) -> Option<(String, &'static str)> {
        let rows = &self.removed.last().filter(|_| self.demo.is_none())?.rows;
        Some(match (rows.first(), rows.len()) {
            (Some(row), 1) => (format!("{} was removed.", name(row)), "Bring it back"),
            (_, n) => (format!("{n} files were removed."), "Bring them back"),
        })
    }
}

/// Whether a file is opened as weights, by its name's ending.
#[must_use]
pub fn is_weights(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("safetensors" | "pt" | "pth"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use jiff::civil::date;

    use super::*;
    use ease_grid::{EaseWindow, Resolution};
    use smap_files::QualityRule;

    fn settings(row: usize) -> RegionSettings {
        RegionSettings {
            window: EaseWindow::new(Resolution::M03, 2600, row as i64, 100, 100).unwrap(),
            region: None,
            quality: QualityRule::Recommended,
            history_cover: 0.1,
            history_disaggregated: true,
            mass_correction: false,
        }
    }

    fn aside(rows: &[&'static str]) -> Aside<&'static str> {
        Aside { rows: rows.to_vec(), settings: settings(1), date: Some(date(2020, 6, 4)) }
    }

    fn own(desk: &Desk<&'static str>) -> Option<String> {
        desk.own_text().map(|t| t.0)
    }

    fn removed(desk: &Desk<&'static str>) -> Option<(String, &'static str)> {
        desk.removed_text(|row| (*row).to_owned())
    }

    #[test]
    fn a_demo_puts_own_files_aside_with_all_that_was_chosen_and_they_come_back() {
        let mut desk = Desk::default();
        assert!(!desk.open_own(&settings(1), None), "there is no demo to put aside");
        desk.open_demo("tucson", aside(&["a", "b"]));
        assert_eq!(
            (desk.demo(), desk.own_text()),
            (Some("tucson"), Some(("2 files of your own are put aside.".into(), "Bring them back")))
        );
        // Another demo does not touch them.
        desk.open_demo("geneva", aside(&[]));
        assert_eq!((desk.demo(), own(&desk).unwrap().starts_with("2 files")), (Some("geneva"), true));
        let (back, forget) = desk.back_to_own(&settings(7), Some(date(2018, 1, 1))).unwrap();
        assert_eq!((back, forget, desk.demo()), (aside(&["a", "b"]), true, None));
        assert_eq!(own(&desk), None);
        assert_eq!(
            desk.demo_text(str::to_owned),
            Some(("The demo of geneva is put aside.".into(), "Back to the demo"))
        );
        let demo = desk.back_to_demo(aside(&["a", "b"])).unwrap();
        assert_eq!(
            demo,
            DemoAside { key: "geneva".into(), settings: settings(7), date: Some(date(2018, 1, 1)) }
        );
        assert_eq!((desk.demo(), desk.demo_text(str::to_owned)), (Some("geneva"), None));
        assert!(own(&desk).is_some());
    }

    #[test]
    fn own_files_put_a_demo_aside_and_lose_none_of_those_put_aside_before() {
        let mut desk = Desk::default();
        desk.open_demo("tucson", aside(&["a"]));
        assert!(desk.open_own(&settings(7), None), "the worker must forget the demo");
        assert!(!desk.open_own(&settings(7), None));
        assert_eq!(desk.own_text(), Some(("1 file of your own is put aside.".into(), "Bring it back")));
        desk.open_demo("geneva", aside(&["b", "c"]));
        assert_eq!(desk.demo_text(str::to_owned), None, "a demo is open, so none is put aside");
        let (back, _) = desk.back_to_own(&settings(7), None).unwrap();
        assert_eq!(back.rows, ["a", "b", "c"]);
    }

    #[test]
    fn a_demo_that_returns_puts_nothing_aside_and_another_demo_loses_no_file() {
        let mut desk: Desk<&'static str> = Desk::default();
        desk.open_demo("tucson", aside(&[]));
        assert!(desk.open_own(&settings(7), None));
        assert_eq!(desk.demo_returns().unwrap().key, "tucson");
        assert_eq!((desk.demo(), own(&desk)), (Some("tucson"), None));
        assert!(desk.demo_returns().is_none());
        desk.open_demo("geneva", aside(&["refused"]));
        assert_eq!(desk.back_to_own(&settings(7), None).unwrap().0.rows, ["refused"]);
    }

    #[test]
    fn a_removal_is_undone_step_by_step() {
        let mut desk = Desk::default();
        desk.remove("a", &settings(1), None);
        assert_eq!(removed(&desk), Some(("a was removed.".into(), "Bring it back")));
        desk.remove_all(aside(&["b", "c"]));
        assert_eq!(removed(&desk), Some(("2 files were removed.".into(), "Bring them back")));
        assert_eq!(desk.undo_removal(), Some(aside(&["b", "c"])));
        assert_eq!(desk.undo_removal().unwrap().rows, ["a"]);
        assert!(desk.undo_removal().is_none() && removed(&desk).is_none());
        desk.remove_all(aside(&[]));
        assert_eq!(removed(&desk), None, "nothing was removed");
    }

    #[test]
    fn a_demo_after_remove_all_loses_nothing() {
        let mut desk = Desk::default();
        desk.remove_all(aside(&["a", "b"]));
        desk.open_demo("tucson", aside(&[]));
        assert_eq!((removed(&desk), own(&desk).unwrap().starts_with("2 files")), (None, true));
        desk.remove_all(aside(&[]));
        assert_eq!(
            (desk.demo(), removed(&desk), desk.demo_text(str::to_owned).is_some()),
            (None, None, true)
        );
        assert_eq!(
            desk.back_to_own(&settings(7), None),
            Some((aside(&["a", "b"]), false)),
            "no demo is open any more"
        );
    }

    #[test]
    fn weights_are_told_by_their_ending() {
        for name in ["tucson.safetensors", "deep/er/model.PT", "a.b.pth"] {
            assert!(is_weights(name), "{name}");
        }
        for name in ["SMAP_L3_SM_P.h5", "pt", "tile.tif", "model.pt.h5"] {
            assert!(!is_weights(name), "{name}");
        }
    }
}
