//! Which network answers a prediction, and a prediction of the TB CNN in the page (model.md, section 2).

use std::ops::ControlFlow;

use jiff::civil::Date;

use super::requests::{DAYS_PER_BREATH, Last, Stop};
use super::{Host, Session, provenance};
use crate::protocol::{Attachment, Event, ExportForm, LayerHead, MapReport, Timeline};
use ease_grid::{EaseWindow, Edges, Resolution, resample};
use loam_core::export;
use loam_core::file::FineOrigin;
use loam_core::network::Network;
use loam_core::region_settings::Settings;
use loam_core::stack::dates_with;
use loam_core::weights_report::WeightsReport;
use loam_nn::networks::tb_cnn::steps::{self as tb, TbError, TbOutcome};
use loam_nn::tb_cnn::{self, TbCase, TbCnn};
use loam_nn::{ModelError, Processor, Weights};

/// What to do where there are no weights.
const REMEDY: &str =
    "Load a safetensors file under “Rules and weights”, or train one: loam train --model tb-cnn --case soil-moisture (see the README).";
/// Said for weights' name where there are none.
const NONE_LOADED: &str = "none of the TB CNN loaded";

/// Weights of the TB CNN on the device.
#[derive(Clone)]
pub(super) struct LoadedTb {
    weights: Weights,
    report: WeightsReport,
    network: TbCnn,
    case: TbCase,
}

impl LoadedTb {
    /// From a file's bytes.
    pub fn new(name: &str, bytes: &[u8], processor: &Processor) -> Result<Self, ModelError> {
        let (weights, _) = tb_cnn::read(bytes)?;
        let (network, _) = TbCnn::from_weights(&weights, processor.device())?;
        Ok(Self::of(weights.report(name), weights, network))
    }

    /// Weights that are on the device already.
    pub fn of(report: WeightsReport, weights: Weights, network: TbCnn) -> Self {
        Self { case: network.case(), weights, report, network }
    }

    /// Which case they are of.
    pub fn case(&self) -> TbCase {
        self.case
    }

    /// As plain values.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// What the page says of them.
    pub fn report(&self) -> &WeightsReport {
        &self.report
    }

    /// The same on another device.
    pub fn moved(&self, processor: &Processor) -> Result<Self, ModelError> {
        let (network, _) = TbCnn::from_weights(&self.weights, processor.device())?;
        Ok(Self::of(self.report.clone(), self.weights.clone(), network))
    }
}

/// The frame of an estimate in 3 km cells of the region.
fn frame_on(window: &EaseWindow, outcome: &TbOutcome) -> Edges {
    let (inner, frame) = (outcome.sample.inner, outcome.frame);
    let Edges { west, north, east, south } = frame;
    if west + east >= inner.columns || north + south >= inner.rows {
        return Edges::all(window.columns.max(window.rows));
    }
    let seen = EaseWindow {
        first_column: inner.first_column + west,
        first_row: inner.first_row + north,
        columns: inner.columns - west - east,
        rows: inner.rows - north - south,
        ..inner
    };
    Edges::between(&seen.covering(Resolution::M03), window)
}

impl From<TbError> for Stop {
    fn from(error: TbError) -> Self {
        match error {
            TbError::Model(error) => error.into(),
            other => Self::failed(other, ""),
        }
    }
}

impl<H: Host> Session<H> {
    /// The report of the network in use.
    pub(super) fn network_report(&self) -> WeightsReport {
        match (self.use_tb, &self.tb) {
            (true, Some(loaded)) => loaded.report.clone(),
            (true, None) => {
                WeightsReport { name: NONE_LOADED.to_owned(), network: Network::Tb(TbCase::SoilMoisture), ..WeightsReport::default() }
            }
            (false, _) => self.weights.as_ref().map(|loaded| loaded.report.clone()).unwrap_or_default(),
        }
    }

    /// For the TB CNN a date needs its inputs and no history.
    pub(super) fn blocked_for_tb(&self, timeline: &mut Timeline) {
        let Some(case) = self.tb.as_ref().filter(|_| self.use_tb).map(|loaded| loaded.case) else { return };
        let (inputs, _) = dates_with(&self.library, case);
        for day in &mut timeline.days {
            day.history.clear();
            day.blocked = (!inputs.contains(&day.date)).then(|| {
                match case {
                    TbCase::BrightnessTemperature => "No 36 km brightness temperature (SPL3SMP) on this date.",
                    TbCase::SoilMoisture => "The TB CNN needs SMAP and land surface temperature of this date.",
                }
                .to_owned()
            });
        }
    }

    pub(super) async fn predict_tb(&mut self, id: u64, date: Date, settings: Settings) -> Result<(), Stop> {
        let begun = self.host.now_ms();
        let window = settings.window;
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        let ready = (&mut self.series, &self.tb, &self.device, &self.processor);
        let (Some(series), Some(loaded), Some(device), Some(processor)) = ready else {
            return Err(Stop::failed("no weights of the TB CNN are loaded", REMEDY));
        };
        let host = &self.host;
        let tell = |done: u64, total: u64, what: &str| host.emit(id, Event::Progress { done, total, what: what.to_owned() }, Vec::new());
        let heard = async || {
            host.breathe().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut days = 0usize;
        let breathe = async |_: Date| {
            days += 1;
            if !days.is_multiple_of(DAYS_PER_BREATH) {
                return ControlFlow::Continue(());
            }
            tell(0, 0, "preparing temperatures");
            heard().await
        };
        let halo = tb::halo(&loaded.weights);
        let (sample, failures) = tb::sample(&self.library, series, loaded.case, halo, date, breathe).await?;
        let progress = async |done: usize, total: usize| {
            tell(done as u64, total as u64, "computing the map");
            heard().await
        };
        let mut outcome = tb::predict(&loaded.network, processor.device(), sample, progress).await?;
        outcome
            .warnings
            .extend(failures.into_iter().map(|(file, why)| format!("{file}: {why}. It is left out; the other files are used.")));
        if let Some(place) = loaded.weights.metadata.get("region").filter(|place| settings.region.as_ref() != Some(*place)) {
            outcome.warnings.push(format!(
                "These weights were trained for {place}. The TB CNN is trained for a place at a time: elsewhere its pattern is that of another place."
            ));
        }
        if let Some(until) = loaded.weights.seen_until(date, outcome.sample.simulated) {
            outcome.warnings.push(format!("These weights were trained on dates up to {until}: scores of this date flatter the network."));
        }
        let (mut layers, mut attachments) = (Vec::new(), Vec::new());
        for (kind, raster) in outcome.layers()? {
            // 9 km cells are drawn on the 3 km cells they hold; exports keep their own.
            let raster = if raster.grid() == &window.grid() {
                raster
            } else {
                resample::nearest(&raster, &window).map_err(|e| Stop::failed(e, ""))?
            };
            let values = attachments.len();
            attachments.push(Attachment::F32(raster.values().to_vec()));
            attachments.push(Attachment::U8(raster.reasons().iter().map(|r| *r as u8).collect()));
            layers.push(LayerHead { kind, values, reasons: values + 1, statistics: raster.statistics() });
        }
        let odd = |v: &&f32| v.is_finite() && !loam_nn::networks::smen::estimate::RANGE.contains(*v);
        let out_of_range = match loaded.case {
            TbCase::SoilMoisture => outcome.estimates.iter().flat_map(|e| e.values()).filter(odd).count(),
            TbCase::BrightnessTemperature => 0,
        };
        let map = MapReport {
            date,
            settings,
            layers,
            history: Vec::new(),
            scores: outcome.scores.concat(),
            mass: None,
            weights: loaded.report.clone(),
            device: device.clone(),
            overpass: outcome.sample.overpass_words.clone(),
            overpasses: None,
            frame: frame_on(&window, &outcome),
            reference: outcome.sample.target.is_some().then_some(if outcome.sample.own_target {
                FineOrigin::OwnMap
            } else {
                FineOrigin::Product
            }),
            inputs: outcome.sample.files.clone(),
            sensitivity: None,
            out_of_range,
            // Its weights do not carry the range of their training yet.
            applicability: String::new(),
            simulated: outcome.sample.simulated,
            warnings: outcome.warnings.clone(),
            milliseconds: self.host.now_ms() - begun,
        };
        self.host.emit(id, Event::Map(Box::new(map.clone())), attachments);
        self.last = Some((map, Last::Tb(Box::new(outcome))));
        Ok(())
    }

    /// The last map of the TB CNN as files, one a channel.
    pub(super) fn export_tb(&self, id: u64, form: ExportForm) -> Result<(), Stop> {
        let Some((map, Last::Tb(outcome))) = &self.last else {
            return Err(Stop::failed("there is no map to export yet", "Press Predict first."));
        };
        let circumstances = provenance::Circumstances {
            quality: map.settings.quality,
            weights: map.weights.clone(),
            device: map.device.clone(),
            applicability: map.applicability.clone(),
            mass_correction: false,
        };
        for (channel, estimate) in outcome.estimates.iter().enumerate() {
            let facts = provenance::of_tb(outcome, channel, &circumstances);
            let (end, mime, bytes) = match form {
                ExportForm::Csv => {
                    let target = outcome.sample.target.as_ref().and_then(|t| t.get(channel));
                    let text = export::csv::write(estimate, outcome.sample.coarse().get(channel), target, &facts)
                        .map_err(|e| Stop::failed(e, ""))?;
                    ("csv", "text/csv", text.into_bytes())
                }
                _ => ("tif", "image/tiff", export::geotiff::write(estimate, &facts, None).map_err(|e| Stop::failed(e, ""))?),
            };
            let what = match (outcome.sample.case, channel) {
                (TbCase::SoilMoisture, _) => "tbcnn",
                (_, 0) => "tbcnn_TB_V_9km",
                _ => "tbcnn_TB_H_9km",
            };
            let name = provenance::name(map, &format!("{what}.{end}")).replacen(&format!(".{what}"), &format!("_{what}"), 1);
            self.host.emit(id, Event::Exported { name, mime: mime.to_owned() }, vec![Attachment::U8(bytes)]);
        }
        Ok(())
    }

    /// The weights in use as a file, where they are of the TB CNN.
    pub(super) fn tb_weights(&self) -> Option<(String, Vec<u8>)> {
        let loaded = self.tb.as_ref().filter(|_| self.use_tb)?;
        let stem = loaded.report.name.rsplit_once('.').map_or(loaded.report.name.as_str(), |(stem, _)| stem);
        Some((format!("loam_tbcnn_{}.safetensors", provenance::file_stem(stem)), loaded.weights.to_bytes()))
    }
}
