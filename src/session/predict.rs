//! The map of a date, and the last map as a file.

use std::ops::ControlFlow;

use ease_grid::{EaseWindow, Edges, Raster, Resolution, resample};
use jiff::civil::Date;
use loam_core::closed_form::Needs;
use loam_core::estimate::{Estimate, Interval};
use loam_core::export;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_core::stack::{HistoryRule, Shipped};
use loam_core::weights_report::WeightsReport;
use loam_nn::{AskedOfAny, Data, Hears, NetworkModel, of_network, onnx};

use super::Host;
use super::provenance::{self, Circumstances};
use super::state::{RequestError, Session};
use crate::protocol::{Attachment, Event, ExportForm, LayerHead, MapReport};

impl<H: Host> Session<H> {
    /// The map of a date.
    pub(super) async fn predict(
        &mut self,
        id: u64,
        date: Date,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        if self.auto.on {
            return self.predict_by_best(id, date, settings).await;
        }
        self.predict_by_active(id, date, settings).await
    }

    pub(super) async fn predict_by_active(
        &mut self,
        id: u64,
        date: Date,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let begun = self.host.now_ms();
        let window = settings.window;
        let rule = HistoryRule::from(&settings);
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        let (mut estimate, weights) = self.map_of(id, self.active, date, rule, &settings, None).await?;
        if let Some(series) = &self.series {
            estimate.add_reference_uncertainty(&self.library, series);
        }
        let Some(device) = &self.device else {
            return Err(RequestError::failed("the session is not ready", "Reload the page."));
        };
        let (mut layers, mut attachments) = (Vec::new(), Vec::new());
        for layer in &estimate.layers {
            let raster = on_window(&layer.raster, &window)?;
            let values = attachments.len();
            attachments.push(Attachment::F32(raster.values().to_vec()));
            attachments.push(Attachment::U8(raster.reasons().iter().map(|r| *r as u8).collect()));
            let statistics = raster.statistics();
            layers.push(LayerHead {
                kind: layer.kind,
                channel: layer.channel,
                values,
                reasons: values + 1,
                statistics,
            });
        }
        let overpasses = estimate.overpass.as_ref().map(|raster| {
            let codes =
                raster.values().iter().map(|v| if v.is_finite() { 1 + *v as u8 } else { 0 }).collect();
            attachments.push(Attachment::U8(codes));
            attachments.len() - 1
        });
        let map = MapReport {
            date,
            settings,
            layers,
            history: estimate.history.clone(),
            scores: estimate.scores(),
            mass: estimate.mass,
            weights,
            device: device.clone(),
            overpass: estimate.overpass_words.clone(),
            overpasses,
            interval: estimate.interval().map(Interval::words).unwrap_or_default(),
            frame: frame_on(&window, &estimate),
            reference: estimate.reference,
            inputs: estimate.files.clone(),
            sensitivity: estimate.sensitivity,
            applicability: estimate.applicability.clone(),
            simulated: estimate.simulated,
            warnings: estimate.warnings.clone(),
            milliseconds: self.host.now_ms() - begun,
        };
        self.host.emit(id, Event::Map(Box::new(map.clone())), attachments);
        (self.last, self.files_changed) = (Some((map, estimate)), false);
        Ok(())
    }

    /// The map of a date by a method, and which weights made it. `of_season`: how many dates of how many are done, where this is one
    /// of many; progress then counts dates, and the estimate from before a run does not stand beside it.
    pub(super) async fn map_of(
        &mut self,
        id: u64,
        method: Method,
        date: Date,
        rule: HistoryRule,
        settings: &RegionSettings,
        of_season: Option<(usize, usize)>,
    ) -> Result<(Estimate, WeightsReport), RequestError> {
        match method {
            Method::Network(network) => self.by_network(id, network, date, rule, settings, of_season).await,
            Method::ClosedForm(method) => {
                if method.about().needs == Needs::Past {
                    self.learn_the_past(id, date, rule).await?;
                }
                let Some(series) = &mut self.series else {
                    return Err(RequestError::failed("the session is not ready", "Reload the page."));
                };
                let estimate = method
                    .estimate(&self.library, series, date, rule)
                    .map_err(|e| RequestError::failed(e, ""))?;
                Ok((estimate, method.into()))
            }
        }
    }

    /// The map of a date by a network, and which weights made it.
    async fn by_network(
        &mut self,
        id: u64,
        network: Network,
        date: Date,
        rule: HistoryRule,
        settings: &RegionSettings,
        of_season: Option<(usize, usize)>,
    ) -> Result<(Estimate, WeightsReport), RequestError> {
        let window = settings.window;
        self.ensure_weights(network, &window).await?;
        let ready = (&mut self.series, self.networks.get(&network), &self.processor);
        let (Some(series), Some(loaded), Some(processor)) = ready else {
            return Err(RequestError::failed("the session is not ready", "Reload the page."));
        };
        let host = &self.host;
        let listener = &mut Hears(async |done: usize, total: usize, what: &str| {
            let (done, total) = of_season.unwrap_or((done, total));
            host.emit(
                id,
                Event::Progress { done: done as u64, total: total as u64, what: what.to_owned() },
                Vec::new(),
            );
            host.yield_now().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        // After a run here the estimate from before it stands beside the new one.
        let of = |snapshot: &'_ super::loaded::Snapshot| {
            snapshot.networks.get(&network).map(|loaded| loaded.key.clone())
        };
        let tried = self
            .trained
            .as_ref()
            .filter(|s| s.active == network.into())
            .and_then(of)
            .is_some_and(|key| key == loaded.key);
        let before = self
            .before
            .as_ref()
            .filter(|_| tried && of_season.is_none())
            .and_then(|snapshot| snapshot.networks.get(&network));
        // The CPU's tile is cut small enough for every machine; a GPU's dispatches must be short, and how long they take only it can tell.
        if self.tile.is_none() && processor.is_gpu() {
            self.tile =
                of_network!(&loaded.model, model => model.tile(processor.device(), || host.now_ms()).await?);
        }
        let asked = AskedOfAny {
            date,
            shift: settings.mass_correction,
            weights: &loaded.weights,
            region: settings.region.as_deref(),
            before: before.map(|loaded| &loaded.model),
            device: processor.device(),
            tile: self.tile,
        };
        let data = Data { library: &self.library, series, rule };
        let mut estimate = loaded.model.estimate(data, &asked, listener).await?;
        if loaded.report.shipped.is_some() {
            estimate.warnings.extend(Shipped::of(network, &window).note(settings.region.as_deref()));
        }
        Ok((estimate, loaded.report.clone()))
    }

    pub(super) fn export(&self, id: u64, form: ExportForm) -> Result<(), RequestError> {
        let nothing = || RequestError::failed("there is no map to export yet", "Press Predict first.");
        let send = |name: String, mime: &str, bytes: Vec<u8>| {
            self.host.emit(id, Event::Exported { name, mime: mime.to_owned() }, vec![Attachment::U8(bytes)]);
        };
        if matches!(form, ExportForm::Weights | ExportForm::Onnx) {
            let Method::Network(network) = self.active else {
                return Err(RequestError::failed(
                    "this method has no weights",
                    "Choose a network under Rules and weights.",
                ));
            };
            let loaded = self.networks.get(&network).ok_or_else(nothing)?;
            let key = loaded.key.rsplit_once('.').map_or(loaded.key.as_str(), |(stem, _)| stem);
            let stem = format!("loam_{}_{}", network.about().key, provenance::file_stem(key));
            let (end, bytes) = if form == ExportForm::Weights {
                ("safetensors", loaded.weights.to_bytes())
            } else {
                ("onnx", onnx::write(&loaded.weights, &loaded.report.name)?.0)
            };
            send(format!("{stem}.{end}"), "application/octet-stream", bytes);
            return Ok(());
        }
        let (map, estimate) = self.last.as_ref().ok_or_else(nothing)?;
        let circumstances = Circumstances::of(map);
        for (n, channel) in estimate.channels.iter().enumerate() {
            let facts = provenance::of(estimate, n, &circumstances);
            let (end, mime, bytes) = if form == ExportForm::Csv {
                let text = export::csv::write(export::csv::Maps::of(channel), &facts)
                    .map_err(|e| RequestError::failed(e, ""))?;
                ("csv", "text/csv", text.into_bytes())
            } else {
                let bytes = export::geotiff::write_channel(channel, &facts, None)
                    .map_err(|e| RequestError::failed(e, ""))?;
                ("tif", "image/tiff", bytes)
            };
            let what = estimate
                .method
                .file()
                .map_or_else(String::new, |file| format!("_{file}{}", channel.output.suffix()));
            send(provenance::name(map, &what, end), mime, bytes);
        }
        Ok(())
    }
}

/// 9 km cells are drawn on the 3 km cells they hold; exports keep their own.
fn on_window<'a>(
    raster: &'a Raster,
    window: &EaseWindow,
) -> Result<std::borrow::Cow<'a, Raster>, RequestError> {
    if raster.grid() == &window.grid() {
        return Ok(std::borrow::Cow::Borrowed(raster));
    }
    resample::nearest(raster, window).map(std::borrow::Cow::Owned).map_err(|e| RequestError::failed(e, ""))
}

/// The frame of an estimate in 3 km cells of the region.
fn frame_on(window: &EaseWindow, estimate: &Estimate) -> Edges {
    let (inner, frame) = (estimate.window, estimate.frame);
    if &inner == window {
        return frame;
    }
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
