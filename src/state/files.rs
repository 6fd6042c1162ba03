//! What is open: own files and demos, reports of them, what is put aside and comes back.

use std::collections::HashMap;

use jiff::civil::Date;

use super::desk::Aside;
use super::ledger::Kind;
use super::undo::Step;
use super::{Attach, Due, FileRow, Job, State, preset_settings};
use crate::protocol::{FileReport, FoundMember, Request, SetAside};
use loam_core::file::{Correction, DEMO_FILE, FileId};
use loam_core::region_settings::RegionSettings;
use loam_core::stack::Preset;

/// Reports are collected for so many milliseconds.
const COLLECTED: u32 = 60;

impl State {
    /// What is open of the user's own, as it stands.
    fn present(&self) -> Aside<FileRow> {
        Aside { rows: self.own_rows(), settings: self.settings.clone(), date: *self.date }
    }

    /// Rows without the demo's.
    fn own_rows(&self) -> Vec<FileRow> {
        self.files.iter().filter(|row| row.id != DEMO_FILE).cloned().collect()
    }

    /// Opens a demo; own files are put aside.
    pub(super) fn load_demo(&mut self, region: &str) {
        let mut settings = self.settings.clone();
        if let Some(preset) = Preset::find(region) {
            let preset = preset_settings(preset);
            (settings.window, settings.region) = (preset.window, preset.region);
        }
        let present = self.present();
        self.desk.open_demo(region, present);
        self.show_demo(region.to_owned(), settings, None);
    }

    /// The demo that was put aside comes back; own files are put aside.
    pub(super) fn back_to_demo(&mut self) {
        let present = self.present();
        if let Some(demo) = self.desk.back_to_demo(present) {
            self.show_demo(demo.key, demo.settings, demo.date);
        }
    }

    fn show_demo(&mut self, region: String, settings: RegionSettings, date: Option<Date>) {
        self.clear_desk();
        self.settings.set(settings);
        self.date.set(date);
        self.train_region_changed();
        if let Some(id) = self.send(Kind::Open, Request::Demo { region }) {
            self.reading.set(Some(Job::new(id, "simulating the demo")));
        }
        self.ask_timeline();
    }

    /// Own files that were put aside come back; a demo is put aside.
    pub(super) fn back_to_own(&mut self) {
        let (settings, date) = (self.settings.clone(), *self.date);
        let Some((own, demo)) = self.desk.back_to_own(&settings, date) else { return };
        let alone = self.files.is_empty();
        if demo {
            self.forget_worker();
        }
        if demo || alone {
            self.settings.set(own.settings);
            self.date.set(own.date);
            self.train_region_changed();
        }
        self.add_rows(own.rows);
    }

    /// The own files that were removed last come back.
    pub(super) fn bring_removed_back(&mut self) {
        let Some(removed) = self.desk.undo_removal() else { return };
        if self.date.is_none() {
            self.date.set(removed.date);
        }
        self.add_rows(removed.rows);
    }

    /// Opens files of the user's own; a demo is put aside.
    pub(super) fn open(&mut self, files: Vec<(FileId, String, u64)>) {
        if files.is_empty() {
            return;
        }
        let (settings, date) = (self.settings.clone(), *self.date);
        let mut rows = Vec::new();
        if self.desk.open_own(&settings, date) {
            rows = self.own_rows();
            self.forget_worker();
            // A simulated date is none of the files'.
            self.date.set(None);
            self.demo_waits = true;
        }
        rows.extend(files.into_iter().map(|(id, name, bytes)| FileRow::new(id, name, bytes)));
        self.add_rows(rows);
    }

    /// All files that put a demo aside are read: where none could be, the demo comes back, and they stay listed with the reason.
    pub(super) fn demo_returns(&mut self) {
        let refused = |row: &FileRow| row.report.as_ref().is_some_and(|report| report.refused.is_some());
        let nothing = !self.files.is_empty() && self.files.iter().all(refused);
        if !std::mem::take(&mut self.demo_waits) || !nothing {
            return;
        }
        let Some(demo) = self.desk.demo_returns() else { return };
        let rows = self.files.take();
        self.show_demo(demo.key, demo.settings, demo.date);
        self.files.set(rows);
        self.note("None of these files was read, so the demo is back; Data says why of each".to_owned());
    }

    /// Rows for the members of archives, in place of the archive's own; what was passed over is said.
    pub(super) fn set_aside(&mut self, found: SetAside) {
        let sources: HashMap<FileId, Option<FileId>> =
            self.files.iter().filter(|r| found.files.contains(&r.id)).map(|r| (r.id, r.source)).collect();
        self.files.retain(|row| !found.files.contains(&row.id));
        if let Some(file) = sources.values().flatten().next().filter(|_| found.bundle) {
            self.found_bundle(*file);
        }
        let mut rows = Vec::new();
        for FoundMember { archive, name, path, bytes } in found.members {
            if let Some(source) = sources.get(&archive).copied().flatten() {
                let id = self.new_member();
                let mut row = FileRow::new(id, name, bytes);
                (row.source, row.member) = (Some(source), Some(path));
                rows.push(row);
            }
        }
        if let Some(said) = found.said {
            // A sentence begins with a capital; a file's name does not.
            let what =
                if said.starts_with(|c: char| c.is_ascii_digit()) { said } else { format!("In {said}") };
            self.note(what);
        }
        if !rows.is_empty() {
            self.add_rows(rows);
        }
    }

    /// Numbers of members count down from the largest: those of files are given outside and count up.
    fn new_member(&mut self) -> FileId {
        self.members += 1;
        FileId::MAX - self.members
    }

    /// Own files join the list and are read.
    fn add_rows(&mut self, mut rows: Vec<FileRow>) {
        self.changed_data();
        self.read_rows(&mut rows);
        self.files.extend(rows);
        self.ask_timeline();
    }

    /// Has the worker read (again) what can be read.
    fn read_rows(&mut self, rows: &mut [FileRow]) {
        let (mut tickets, mut files) = (Vec::new(), Vec::new());
        for row in rows {
            if let Some(source) = row.source {
                row.report(None);
                tickets.push(row.ticket());
                files.push(source);
            }
        }
        if tickets.is_empty() {
            return;
        }
        let (asked, total) = (tickets.iter().map(|t| t.id).collect(), tickets.len() as u64);
        if let Some(id) = self.send_with(Kind::Open, Request::Open { tickets }, Attach::Files(files)) {
            self.opening.insert(id, asked);
            self.reading.set(Some(Job { total, ..Job::new(id, "reading files") }));
        }
    }

    /// Reads again what is open, for a fresh worker.
    pub(super) fn read_again(&mut self) {
        let mut rows = self.files.take();
        self.read_rows(&mut rows);
        self.files.set(rows);
    }

    /// Nothing is open any more, for the worker too.
    fn forget_worker(&mut self) {
        self.clear_desk();
        self.send(Kind::Files, Request::ForgetAll);
    }

    /// Empties list, time line and maps, and ends what was being read or predicted: its answers would be of what is no longer open.
    fn clear_desk(&mut self) {
        let mut ended = Vec::new();
        for kind in [Kind::Open, Kind::Timeline, Kind::Predict, Kind::Rank, Kind::Season, Kind::Ground] {
            ended.extend(self.ledger.end_all(kind));
        }
        self.ledger.end_all(Kind::Files);
        self.opening.clear();
        self.demo_waits = false;
        for id in ended {
            self.cancel(id);
        }
        self.waiting.clear();
        self.undo.clear();
        self.reading.put(None);
        self.predicting.put(None);
        self.playing.put(false);
        self.forget_asked();
        self.forget_ground();
        self.end_look();
        self.changed_data();
        self.files.set(Vec::new());
        self.timeline.set(Default::default());
        self.pending.set(None);
        self.map.set(None);
        self.made.set(Vec::new());
        self.season.take();
        self.train_dates_changed();
    }

    pub(super) fn changed_data(&mut self) {
        *self.data += 1;
    }

    /// A request to open is over. The files it did not come to say so, and no later worker reads them unasked.
    pub(super) fn opened(&mut self, id: u64, cancelled: bool) {
        let asked = self.opening.remove(&id).unwrap_or_default();
        let why = if cancelled {
            "you cancelled before its turn came"
        } else {
            "reading stopped before its turn came"
        };
        if self.files.iter().any(|r| r.report.is_none() && asked.contains(&r.id)) {
            for row in self.files.iter_mut().filter(|r| r.report.is_none() && asked.contains(&r.id)) {
                row.refuse(format!("{why}; open it again to have it read."));
            }
        }
    }

    /// The file that was being read when the worker died is left out, so that the next one does not die of it too. Its name.
    pub(super) fn leave_out(&mut self, why: &str) -> Option<String> {
        // Files are read in order: the first without a report was being read.
        let at = self.files.iter().position(|r| r.source.is_some() && r.report.is_none())?;
        let row = &mut self.files[at];
        row.refuse(format!(
            "reading it stopped the worker ({why}), so it was left out; the file may be damaged: download it again."
        ));
        Some(row.name.clone())
    }

    /// Takes a file out; it can come back.
    pub(super) fn forget(&mut self, file: FileId) {
        if file == DEMO_FILE {
            return self.forget_all();
        }
        let Some(row) = self.files.iter().find(|f| f.id == file).cloned() else { return };
        self.say(format!("{} removed.", row.name));
        let (settings, date) = (self.settings.clone(), *self.date);
        self.desk.remove(row, &settings, date);
        self.keep_step(Step::Removal);
        self.changed_data();
        self.files.retain(|f| f.id != file);
        self.look_without(file);
        self.send(Kind::Files, Request::Forget { file });
        self.ask_timeline();
    }

    /// Takes everything out; it can come back.
    pub(super) fn forget_all(&mut self) {
        let present = self.present();
        let own = self.desk.demo().is_none() && !present.rows.is_empty();
        self.desk.remove_all(present);
        self.forget_worker();
        if own {
            self.keep_step(Step::Removal);
        }
        self.date.set(None);
        self.close_bundle();
        self.say("All files removed.");
        self.ask_timeline();
    }

    pub(super) fn correct(&mut self, file: FileId, correction: Correction) {
        if let Some(row) = self.files.iter_mut().find(|r| r.id == file) {
            row.correction = correction.clone();
        }
        self.changed_data();
        self.send(Kind::Files, Request::Correct { file, correction });
        self.ask_timeline();
    }

    /// A report waits a moment for others.
    pub(super) fn wait_with(&mut self, report: FileReport) {
        self.waiting.push(report);
        if self.waiting.len() == 1 {
            self.later(COLLECTED, Due::Reports);
        }
    }

    /// Shows the reports that wait.
    pub(super) fn show_reports(&mut self) {
        let reports = std::mem::take(&mut self.waiting);
        if reports.is_empty() {
            return;
        }
        let known: HashMap<FileId, usize> = self.files.iter().enumerate().map(|(i, r)| (r.id, i)).collect();
        for report in reports {
            match known.get(&report.id) {
                Some(at) => self.files[*at].report(Some(report)),
                // The demo has a row of its own; what was removed meanwhile has none.
                None if report.id == DEMO_FILE => {
                    let mut row = FileRow::new(report.id, report.name.clone(), report.bytes);
                    row.source = None;
                    row.report(Some(report));
                    self.files.push(row);
                }
                None => {}
            }
        }
    }
}
