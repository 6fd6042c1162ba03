//! What the page may say of a result: whether it is still that of the present choices, how it scores, which date to propose.

use jiff::civil::Date;

use loam_core::file::FineOrigin;
use loam_core::region_settings::RegionSettings;
use loam_core::score::{ScoreReport, ScoreRow};
use loam_core::stack::HISTORY_LENGTH;
use loam_core::weights_report::Prospect;

use crate::protocol::{DayReport, MapReport, Timeline};

/// Fewest pixels for a percentage between two scores: below, chance moves an uRMSE by several per cent.
pub const FEWEST_FOR_PERCENT: usize = 500;
/// Share of the region that SMAP should have seen on a date that is proposed.
const COARSE_SHARE: f32 = 0.5;
/// Share of the region that the 3 km map of such a date should cover.
const FINE_SHARE: f32 = 0.25;

/// What the next prediction would be made from.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The chosen date.
    pub date: Option<Date>,
    /// Region and rules.
    pub settings: &'a RegionSettings,
    /// Weights.
    pub weights: &'a Prospect,
    /// The files are those of the result.
    pub same_files: bool,
}

/// What of a result's origin is no longer the present choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Files were opened, removed or corrected.
    Files,
    /// Another date is chosen.
    Date,
    /// Another region.
    Region,
    /// Quality, history or mass correction.
    Rules,
    /// Another network, or a closed form.
    Method,
    /// Other weights of the same network.
    Weights,
}

impl Change {
    /// What changed, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Files => "the files",
            Self::Date => "the date",
            Self::Region => "the region",
            Self::Rules => "the rules",
            Self::Method => "the method",
            Self::Weights => "the weights",
        }
    }
}

impl MapReport {
    /// What changed since this result was made; empty where it is that of the present choices.
    #[must_use]
    pub fn changes(&self, now: &Present<'_>) -> Vec<Change> {
        let (made, rules) = (&self.settings, now.settings);
        let method = self.weights.method();
        let history = method.uses_history()
            && (made.history_cover, made.history_disaggregated)
                != (rules.history_cover, rules.history_disaggregated);
        let shifted = method.can_shift() && made.mass_correction != rules.mass_correction;
        let other = method != now.weights.method();
        let all = [
            (Change::Files, !now.same_files),
            (Change::Date, now.date != Some(self.date)),
            (Change::Region, made.window != rules.window),
            (Change::Rules, made.quality != rules.quality || history || shifted),
            (Change::Method, other),
            (Change::Weights, !other && !now.weights.made(&self.weights)),
        ];
        all.into_iter().filter(|(_, changed)| *changed).map(|(change, _)| change).collect()
    }

    /// `of 2018-11-07 with the weights Tucson (shipped)`, or `of 2018-11-07 by pixel regression`.
    #[must_use]
    pub fn origin(&self) -> String {
        match self.weights.closed_form {
            Some(method) => format!("of {} by {}", self.date, method.about().name),
            None => format!("of {} with the weights {}", self.date, self.weights.name),
        }
    }

    /// One sentence for a result that is no longer that of the present choices; `None` without changes.
    #[must_use]
    pub fn stale(&self, changes: &[Change]) -> Option<String> {
        let (last, first) = changes.split_last()?;
        let first = first.iter().map(|change| change.words()).collect::<Vec<_>>().join(", ");
        let changed =
            if first.is_empty() { last.words().to_owned() } else { format!("{first} and {}", last.words()) };
        Some(format!("This map is {}: {changed} changed. Predict again.", self.origin()))
    }
}

impl Timeline {
    /// The date to propose: the latest with everything, of which SMAP saw at least half and whose 3 km map covers at least a quarter of the
    /// region, with a full history. Where there is none, the latest with less of that, step by step; at last the latest date of all.
    #[must_use]
    pub fn proposal(&self) -> Option<Date> {
        let seen = |d: &DayReport| d.coarse.is_some_and(|share| share >= COARSE_SHARE);
        let mapped = |d: &DayReport| d.fine.is_some_and(|share| share >= FINE_SHARE);
        let full = |d: &DayReport| d.earlier.unwrap_or(d.history.len()) >= HISTORY_LENGTH;
        let steps: [&dyn Fn(&DayReport) -> bool; 6] = [
            &|d| seen(d) && mapped(d) && full(d),
            &|d| seen(d) && mapped(d),
            &|d| seen(d) && d.fine.is_some(),
            &|d| d.fine.is_some() && full(d),
            &|d| seen(d),
            &|_| true,
        ];
        let latest = |keep: &dyn Fn(&DayReport) -> bool| {
            self.days.iter().rev().find(|d| d.blocked.is_none() && keep(d))
        };
        steps.into_iter().find_map(latest).or(self.days.last()).map(|d| d.date)
    }
}

impl DayReport {
    /// What a list of dates says behind the date.
    #[must_use]
    pub fn note(&self) -> &'static str {
        match (&self.blocked, self.fine_origin) {
            (Some(_), _) => " (blocked)",
            (None, Some(FineOrigin::Product)) => " (with 3 km product)",
            (None, Some(FineOrigin::Disaggregated)) => " (3 km map made here)",
            (None, Some(FineOrigin::Nisar)) => " (with 3 km map of NISAR)",
            (None, Some(FineOrigin::OwnMap)) => " (a map that Loam made)",
            (None, None) => "",
        }
    }
}

/// In words: better than bilinear or not; a percentage only from [`FEWEST_FOR_PERCENT`] pixels on. `None` without both scores.
#[must_use]
pub fn summary(scores: &[ScoreReport]) -> Option<String> {
    let of = |row| scores.iter().find(|score: &&ScoreReport| score.is(row, 0));
    // What the map shows: shifted where that was asked for.
    let first = of(ScoreRow::Shifted).or_else(|| of(ScoreRow::Estimate))?;
    let ours = first.urmse?;
    let bilinear = of(ScoreRow::Bilinear)?.urmse?;
    let few = (first.pixels < FEWEST_FOR_PERCENT)
        .then(|| format!("too few pixels ({}) for a percentage", first.pixels));
    Some(match (ours < bilinear, few) {
        (true, None) => format!(
            "The estimate's uRMSE is {:.0} % below that of bilinear SMAP.",
            (1.0 - ours / bilinear) * 100.0
        ),
        (true, Some(few)) => format!("The estimate's uRMSE is below that of bilinear SMAP; {few}."),
        (false, None) => "The estimate is no better than bilinear SMAP here.".to_owned(),
        (false, Some(few)) => format!("The estimate is no better than bilinear SMAP here; {few}."),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use jiff::civil::date;

    use super::*;
    use ease_grid::{EaseWindow, Edges, Resolution};
    use loam_core::device_report::{DeviceReport, SelfCheckReport};
    use loam_core::network::{Network, TbCase};
    use loam_core::weights_report::WeightsReport;
    use smap_files::QualityRule;

    fn weights(name: &str, hash: &str) -> WeightsReport {
        WeightsReport { name: name.into(), hash: hash.into(), ..WeightsReport::default() }
    }

    fn map() -> MapReport {
        let window = EaseWindow::new(Resolution::M03, 2600, 971, 100, 100).unwrap();
        MapReport {
            date: date(2018, 11, 7),
            settings: RegionSettings {
                window,
                region: None,
                quality: QualityRule::Recommended,
                history_cover: 0.1,
                history_disaggregated: true,
                mass_correction: false,
            },
            layers: Vec::new(),
            history: Vec::new(),
            overpass: String::new(),
            overpasses: None,
            interval: String::new(),
            frame: Edges::default(),
            reference: None,
            scores: Vec::new(),
            mass: None,
            weights: WeightsReport {
                shipped: Some("oklahoma-city".into()),
                ..weights("Oklahoma City (shipped)", "0123456789abcdef")
            },
            device: DeviceReport {
                gpu: false,
                name: "CPU".into(),
                why: String::new(),
                kernels: None,
                warning: None,
                check: None,
            },
            inputs: Vec::new(),
            sensitivity: None,
            applicability: String::new(),
            simulated: true,
            warnings: Vec::new(),
            milliseconds: 1.0,
        }
    }

    #[test]
    fn a_result_is_that_of_the_present_until_something_it_was_made_from_changes() {
        let map = map();
        let own = Prospect::InUse(map.weights.clone());
        let (settings, today) = (map.settings.clone(), Some(map.date));
        let present = Present { date: today, settings: &settings, weights: &own, same_files: true };
        assert_eq!(map.changes(&present), []);
        assert_eq!(map.stale(&[]), None);
        let shipped = |key: &str| Prospect::Shipped { key: key.into(), name: key.into() };
        assert_eq!(
            map.changes(&Present { weights: &shipped("oklahoma-city"), ..present }),
            [],
            "as when they were loaded"
        );
        assert_eq!(map.changes(&Present { weights: &shipped("tucson"), ..present }), [Change::Weights]);
        let longer = Prospect::InUse(weights("the same, by its whole hash", "0123456789abcdef0123"));
        assert_eq!(map.changes(&Present { weights: &longer, ..present }), []);
        let other = Prospect::InUse(weights("mine.safetensors", "ffff"));
        assert_eq!(map.changes(&Present { weights: &other, ..present }), [Change::Weights]);
        let tb = Prospect::InUse(WeightsReport {
            network: Network::Tb(TbCase::SoilMoisture),
            ..weights("tb", "aa")
        });
        assert_eq!(map.changes(&Present { weights: &tb, ..present }), [Change::Method]);
        for date in [None, Some(date(2018, 11, 8))] {
            assert_eq!(map.changes(&Present { date, ..present }), [Change::Date]);
        }
        assert_eq!(map.changes(&Present { same_files: false, ..present }), [Change::Files]);
        let moved =
            RegionSettings { window: EaseWindow { first_row: 970, ..settings.window }, ..settings.clone() };
        assert_eq!(map.changes(&Present { settings: &moved, ..present }), [Change::Region]);
        let rules: [fn(&mut RegionSettings); 4] = [
            |s| s.quality = QualityRule::All,
            |s| s.history_cover = 0.2,
            |s| s.history_disaggregated = false,
            |s| s.mass_correction = true,
        ];
        for change in rules {
            let mut changed = settings.clone();
            change(&mut changed);
            assert_eq!(
                map.changes(&Present { settings: &changed, ..present }),
                [Change::Rules],
                "{changed:?}"
            );
        }
    }

    #[test]
    fn the_tb_cnns_map_does_not_depend_on_history_or_shift() {
        let mut map = map();
        map.weights.network = Network::Tb(TbCase::BrightnessTemperature);
        let own = Prospect::InUse(map.weights.clone());
        let settings = RegionSettings {
            history_cover: 0.5,
            history_disaggregated: false,
            mass_correction: true,
            ..map.settings.clone()
        };
        assert_eq!(
            map.changes(&Present {
                date: Some(map.date),
                settings: &settings,
                weights: &own,
                same_files: true
            }),
            []
        );
    }

    #[test]
    fn the_regressions_map_depends_on_which_maps_count_but_not_on_the_shift() {
        let mut map = map();
        map.weights = loam_core::closed_form::ClosedForm::Regression.into();
        let own = Prospect::InUse(map.weights.clone());
        let changes = |change: fn(&mut RegionSettings)| {
            let mut settings = map.settings.clone();
            change(&mut settings);
            map.changes(&Present {
                date: Some(map.date),
                settings: &settings,
                weights: &own,
                same_files: true,
            })
        };
        assert_eq!(changes(|s| s.history_cover = 0.5), [Change::Rules]);
        assert_eq!(changes(|s| s.history_disaggregated = false), [Change::Rules]);
        assert_eq!(changes(|s| s.quality = QualityRule::All), [Change::Rules]);
        assert_eq!(changes(|s| s.mass_correction = true), []);
        let shipped = Prospect::Shipped { key: "tucson".into(), name: "Tucson".into() };
        let (date, settings) = (Some(map.date), &map.settings);
        let now = Present { date, settings, weights: &shipped, same_files: true };
        assert_eq!(map.changes(&now), [Change::Method]);
    }

    #[test]
    fn a_stale_map_says_of_what_it_is_and_what_changed() {
        let map = map();
        let said = |changes: &[Change]| map.stale(changes).unwrap();
        assert_eq!(
            said(&[Change::Date]),
            "This map is of 2018-11-07 with the weights Oklahoma City (shipped): the date changed. Predict again."
        );
        assert!(said(&[Change::Region, Change::Weights]).contains(": the region and the weights changed."));
        assert!(
            said(&[Change::Date, Change::Rules, Change::Method])
                .contains(": the date, the rules and the method changed.")
        );
    }

    fn day(date: Date, coarse: f32, fine: Option<f32>, history: usize) -> DayReport {
        DayReport {
            date,
            coarse: Some(coarse),
            fine,
            fine_origin: fine.map(|_| FineOrigin::Product),
            backscatter: None,
            history: vec![date; history],
            earlier: None,
            blocked: None,
            simulated: false,
        }
    }

    #[test]
    fn a_date_with_everything_is_proposed_before_a_later_one_with_less() {
        let on = |d| date(2018, 12, d);
        // From best to worst, and the better the earlier: each is proposed once the better ones are gone.
        let mut days = vec![
            day(on(1), 0.5, Some(0.25), 4),
            day(on(2), 0.9, Some(0.9), 3),
            day(on(3), 0.9, Some(0.1), 4),
            day(on(4), 0.03, Some(0.9), 4),
            day(on(5), 0.9, None, 4),
            day(on(6), 0.03, None, 4),
            DayReport { blocked: Some("no SMAP".into()), ..day(on(7), 1.0, Some(1.0), 4) },
        ];
        for n in 1..=7 {
            assert_eq!(Timeline { days: days.clone() }.proposal(), Some(on(n)));
            days.remove(0);
        }
        assert_eq!(Timeline::default().proposal(), None);
        // For a method that learns from all earlier maps, four of them are enough, too.
        let learns = |d, earlier| DayReport { earlier: Some(earlier), ..day(on(d), 0.9, Some(0.5), 0) };
        let days = vec![learns(1, 93), learns(2, 3)];
        assert_eq!(Timeline { days }.proposal(), Some(on(1)));
    }

    #[test]
    fn a_list_says_whose_3_km_map_a_date_has() {
        let product = day(date(2018, 12, 1), 1.0, Some(1.0), 4);
        let made = DayReport { fine_origin: Some(FineOrigin::Disaggregated), ..product.clone() };
        let blocked = DayReport { blocked: Some("no SMAP".into()), ..product.clone() };
        let none = day(date(2018, 12, 1), 1.0, None, 4);
        let notes = [&product, &made, &blocked, &none].map(DayReport::note);
        assert_eq!(notes, [" (with 3 km product)", " (3 km map made here)", " (blocked)", ""]);
    }

    #[test]
    fn a_percentage_needs_pixels() {
        let score = |row: ScoreRow, urmse, pixels| ScoreReport {
            name: String::new(),
            urmse: Some(urmse),
            bias: None,
            rmse: None,
            r: None,
            pixels,
            row: Some(row),
            channel: 0,
        };
        let said = |ours, pixels| {
            summary(&[score(ScoreRow::Estimate, ours, pixels), score(ScoreRow::Bilinear, 0.05, pixels)])
                .unwrap()
        };
        assert_eq!(said(0.04, 500), "The estimate's uRMSE is 20 % below that of bilinear SMAP.");
        assert_eq!(
            said(0.02, 122),
            "The estimate's uRMSE is below that of bilinear SMAP; too few pixels (122) for a percentage."
        );
        assert_eq!(said(0.06, 500), "The estimate is no better than bilinear SMAP here.");
        assert!(said(0.06, 122).contains("no better") && said(0.06, 122).contains("too few pixels (122)"));
        assert_eq!(summary(&[score(ScoreRow::Estimate, 0.04, 500)]), None);
    }

    #[test]
    fn the_cpu_is_not_compared_with_itself() {
        let check = SelfCheckReport { runs: 3, largest_difference: 2e-7, tolerance: 1e-4, passed: true };
        assert!(check.text(true).contains("difference to the CPU 2.0e-7"));
        assert!(
            check.text(false).contains("difference to the tile stored with the program 2.0e-7"),
            "{}",
            check.text(false)
        );
        let failed = SelfCheckReport { passed: false, largest_difference: f32::NAN, ..check };
        assert!(failed.text(true).contains("so the CPU is used") && !failed.text(false).contains("CPU"));
        assert!(failed.text(false).contains("not a number"));
    }
}
