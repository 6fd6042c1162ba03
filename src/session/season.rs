//! The maps of a period, date after date, and what a pixel's values over time say.

use jiff::civil::Date;
use loam_core::region_settings::RegionSettings;
use loam_core::season::{Layers, Statistics, dates};
use loam_core::stack::HistoryRule;

use super::Host;
use super::state::{LONGEST_WORK_MS, RequestError, Session};
use crate::protocol::{Attachment, Event, SeasonDayReport, SeasonReport};

/// Pixels between two looks at the clock.
const PIXELS: usize = 256;

impl<H: Host> Session<H> {
    /// Every date with a SMAP overpass, oldest first. Other messages are heard between dates and, of networks, between tiles.
    pub(super) async fn season(
        &mut self,
        id: u64,
        from: Option<Date>,
        to: Option<Date>,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let begun = self.host.now_ms();
        let rule = HistoryRule::from(&settings);
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        let period = from.unwrap_or(Date::MIN)..=to.unwrap_or(Date::MAX);
        let dates = self.series.as_ref().map(|series| dates(series, &period)).unwrap_or_default();
        let window = settings.window.covering(self.active.output().resolution());
        let mut statistics = Statistics::new(window.len());
        let (mut made, mut simulated, mut first) = (Vec::new(), false, None);
        let began = self.host.now_ms();
        for (n, date) in dates.iter().enumerate() {
            let (done, total) = ((n + 1) as u64, dates.len() as u64);
            let what = format!("predicting {date}");
            self.emit(id, Event::Progress { done: n as u64, total, what });
            self.yield_now(id).await?;
            let answer = self.map_of(id, *date, rule, &settings, Some((n, dates.len()))).await;
            let passed = self.host.now_ms() - began;
            let mut report = SeasonDayReport {
                date: *date,
                done,
                total,
                window,
                values: None,
                reasons: None,
                half_width: None,
                frame: Default::default(),
                left_out: None,
                simulated: false,
                seconds_left: passed / 1000.0 / done as f64 * (total - done) as f64,
            };
            let mut attachments = Vec::new();
            match answer {
                Ok((estimate, _)) => {
                    let Some(channel) = estimate.channels.first() else { continue };
                    let raster = &channel.estimate;
                    (report.window, report.frame, report.simulated) =
                        (estimate.window, estimate.frame, estimate.simulated);
                    (report.values, report.reasons) = (Some(0), Some(1));
                    attachments.push(Attachment::F32(raster.values().to_vec()));
                    attachments.push(Attachment::U8(raster.reasons().iter().map(|r| *r as u8).collect()));
                    if let Some(half_width) = channel.half_width() {
                        report.half_width = Some(2);
                        attachments.push(Attachment::F32(half_width.values().to_vec()));
                    }
                    statistics.add(*date, raster.values());
                    made.push(*date);
                    simulated |= estimate.simulated;
                }
                // One date that cannot be made leaves the others.
                Err(RequestError::Failed(failure)) => {
                    first.get_or_insert_with(|| failure.clone());
                    report.left_out = Some(failure.what);
                }
                Err(other) => return Err(other),
            }
            self.host.emit(id, Event::SeasonDay(Box::new(report)), attachments);
        }
        if made.is_empty() {
            let none = || {
                RequestError::failed(
                    "no date of this period has a SMAP overpass over the region",
                    "Choose another period, or open more files.",
                )
            };
            return Err(first.map_or_else(none, RequestError::Failed));
        }
        let mut layers = Layers::default();
        let mut looked = self.host.now_ms();
        for start in (0..window.len()).step_by(PIXELS) {
            statistics.extend(&mut layers, start..(start + PIXELS).min(window.len()));
            if self.host.now_ms() - looked > LONGEST_WORK_MS {
                self.yield_now(id).await?;
                looked = self.host.now_ms();
            }
        }
        let counts = |plane: Vec<u16>| plane.into_iter().map(f32::from).collect();
        let planes = [
            layers.mean,
            layers.trend,
            layers.trend_error,
            layers.drydown,
            counts(layers.count),
            counts(layers.events),
        ];
        let report = SeasonReport {
            method: self.active,
            window,
            dates: made,
            unit: self.active.output().unit().to_owned(),
            mean: 0,
            trend: 1,
            trend_error: 2,
            drydown: 3,
            count: 4,
            events: 5,
            simulated,
            milliseconds: self.host.now_ms() - begun,
        };
        let attachments = planes.into_iter().map(Attachment::F32).collect();
        self.host.emit(id, Event::Season(Box::new(report)), attachments);
        Ok(())
    }
}
