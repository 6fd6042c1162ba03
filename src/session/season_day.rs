//! A date of a season, made here or by a helper.

use ease_grid::{EaseWindow, Edges};
use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::season::SeasonDay;
use loam_core::stack::HistoryRule;
use loam_core::weights_report::WeightsReport;

use super::Host;
use super::state::{RequestError, Session, packed};
use crate::protocol::{Attachment, Event, Failure, Packed, SeasonDayReport};

/// How far a season is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub done: u64,
    pub total: u64,
    pub seconds_left: f64,
}

/// What became of a date.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub date: Date,
    pub window: EaseWindow,
    pub frame: Edges,
    /// Its map, and the weights that made it; or why there is none.
    pub day: Result<(SeasonDay, WeightsReport), Failure>,
}

/// From a helper's answer.
///
/// # Errors
/// What is wrong with the answer.
pub(super) fn read(report: &Packed<SeasonDayReport>, attachments: Vec<Attachment>) -> Result<Made, String> {
    let report = report.open().map_err(|error| error.to_string())?;
    let (date, window, frame) = (report.date, report.window, report.frame);
    Ok(Made { date, window, frame, day: report.map(attachments).map_err(|why| Failure::new(why, "")) })
}

/// The same to the bit.
pub(super) fn same(one: &SeasonDay, other: &SeasonDay) -> bool {
    let bits = |plane: &[f32]| plane.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let width = |day: &SeasonDay| day.half_width.as_deref().map(bits);
    (one.date, &one.flags, &one.files, one.simulated)
        == (other.date, &other.flags, &other.files, other.simulated)
        && bits(&one.values) == bits(&other.values)
        && width(one) == width(other)
}

impl<H: Host> Session<H> {
    /// A date for the worker whose season it is.
    pub(super) async fn season_date(
        &mut self,
        id: u64,
        date: Date,
        method: Method,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        let (made, _) = self.made_of(id, method, date, &settings, (0, 1)).await?;
        self.tell_day(id, made, Progress { done: 1, total: 1, seconds_left: 0.0 })
    }

    /// What a method makes of a date, and its estimate. `of`: how many dates of how many are done. A date that cannot be made leaves the
    /// others.
    pub(super) async fn made_of(
        &mut self,
        id: u64,
        method: Method,
        date: Date,
        settings: &RegionSettings,
        of: (usize, usize),
    ) -> Result<(Made, Option<(Estimate, WeightsReport)>), RequestError> {
        let window = settings.window.covering(method.output().resolution());
        let none = |failure| Made { date, window, frame: Edges::default(), day: Err(failure) };
        let rule = HistoryRule::from(settings);
        match self.map_of(id, method, date, rule, settings, Some(of)).await {
            Ok((estimate, weights)) => {
                let Some(channel) = estimate.channels.first() else {
                    return Ok((none(Failure::new("the method gave no map", "")), None));
                };
                let day = Ok((SeasonDay::of(&estimate, channel), weights.clone()));
                let made = Made { date, window: estimate.window, frame: estimate.frame, day };
                Ok((made, Some((estimate, weights))))
            }
            Err(RequestError::Failed(failure)) => Ok((none(failure), None)),
            Err(other) => Err(other),
        }
    }

    /// Tells of a date.
    pub(super) fn tell_day(&self, id: u64, made: Made, progress: Progress) -> Result<(), RequestError> {
        let Made { date, window, frame, day } = made;
        let Progress { done, total, seconds_left } = progress;
        let mut report = SeasonDayReport {
            date,
            done,
            total,
            window,
            values: None,
            flags: None,
            half_width: None,
            frame,
            left_out: None,
            files: Vec::new(),
            weights: None,
            simulated: false,
            seconds_left,
        };
        let mut attachments = Vec::new();
        match day {
            Ok((day, weights)) => {
                (report.values, report.flags) = (Some(0), Some(1));
                let flags = day.flags.iter().flat_map(|bits| bits.to_le_bytes()).collect();
                attachments.extend([Attachment::F32(day.values), Attachment::U8(flags)]);
                if let Some(half_width) = day.half_width {
                    report.half_width = Some(2);
                    attachments.push(Attachment::F32(half_width));
                }
                (report.files, report.simulated, report.weights) = (day.files, day.simulated, Some(weights));
            }
            Err(failure) => report.left_out = Some(failure.what),
        }
        self.host.emit(id, Event::SeasonDay(packed(&report)?), attachments);
        Ok(())
    }
}
