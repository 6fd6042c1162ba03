//! A bundle opened again: its method and weights are used, and the map made again from the files is compared with its own.

use std::ops::ControlFlow;

use loam_core::export::bundle::{
    Bundle, BundleError, Input, MadeOn, Manifest, MapOf, Outcome, Verdict, compare, file_name, read, sha256,
};
use loam_core::export::geotiff;
use loam_core::file::{Correction, FileId};
use loam_core::method::Method;
use loam_core::simulate::DEMO_SEED;
use loam_core::stack::Preset;
use loam_nn::device;

use super::Host;
use super::bundle::{inputs, software};
use super::provenance::{self, Circumstances};
use super::state::{RequestError, Session, packed};
use crate::protocol::{BundleComparison, BundleEvent, BundleReport, Event, MapReport};

/// Names of input files that are listed of a kind.
const MOST_NAMES: usize = 12;

impl From<BundleError> for RequestError {
    fn from(error: BundleError) -> Self {
        Self::failed(error, "")
    }
}

impl<H: Host> Session<H> {
    /// Reads a bundle. `in_use`: its method answers from then on, with its weights.
    pub(super) async fn open_bundle(&mut self, id: u64, in_use: bool) -> Result<(), RequestError> {
        let source = self
            .host
            .source(id, 0)
            .ok_or_else(|| RequestError::failed("the bundle did not arrive", "Open it again."))?;
        let bundle = read(&source)?;
        if in_use {
            self.use_bundle(&bundle)?;
        }
        self.emit(id, Event::Bundle(BundleEvent::Opened(packed(&report(&bundle.manifest))?)));
        self.bundle = Some(bundle);
        if in_use {
            self.report_weights(id);
        }
        // What was said of its files holds for those that are open, and for those that come.
        let said: Vec<(FileId, Correction)> = self
            .library
            .iter()
            .filter(|entry| entry.correction == Correction::default())
            .filter_map(|entry| Some((entry.id, self.correction_in_bundle(&entry.name)?)))
            .collect();
        for (file, correction) in said {
            if let Some(entry) = self.library.get(file) {
                self.emit(id, Event::Warning(format!("{} is used as the bundle says", entry.name)));
            }
            self.correct(id, file, correction).await?;
        }
        Ok(())
    }

    /// The method of a bundle answers, with its weights.
    fn use_bundle(&mut self, bundle: &Bundle) -> Result<(), RequestError> {
        let Manifest { method, weights, .. } = &bundle.manifest;
        if let (Method::Network(network), Some(of), Some(bytes)) = (method, weights, &bundle.weights)
            && self.load_weights(&of.name, &of.name, bytes, true)? != *network
        {
            let what = "the bundle's weights are of another network than its map";
            return Err(RequestError::failed(what, "Get the bundle again from where it came."));
        }
        (self.active, self.auto.on) = (*method, false);
        (self.before, self.trained) = (None, None);
        Ok(())
    }

    /// What the bundle says that its maker said of a file of this name.
    pub(super) fn correction_in_bundle(&self, name: &str) -> Option<Correction> {
        let inputs = &self.bundle.as_ref()?.manifest.inputs;
        let input = inputs.iter().find(|input| input.file_name() == file_name(name))?;
        (input.correction != Correction::default()).then(|| input.correction.clone())
    }

    /// Compares the map last shown, and the files it was made of, with the bundle's.
    pub(super) async fn compare_bundle(&mut self, id: u64) -> Result<(), RequestError> {
        let again =
            |what: String| RequestError::failed(what, "Use the bundle's choices, then compare again.");
        let bundle = self
            .bundle
            .as_ref()
            .ok_or_else(|| RequestError::failed("no bundle is open", "Open a bundle that Loam exported."))?;
        let (map, estimate) = self
            .last
            .as_ref()
            .ok_or_else(|| again("there is no map to compare with the bundle yet".into()))?;
        let Bundle { manifest, weights, maps } = bundle;
        let mut other = unlike(manifest, map);
        if let (Some(bytes), Method::Network(network)) = (weights, manifest.method) {
            let own = self.networks.get(&network).map(|loaded| sha256(&loaded.weights.to_bytes()));
            other.extend((own.as_deref() != Some(&sha256(bytes))).then_some("weights"));
        }
        if !other.is_empty() {
            let what = format!("the map shown is not of the bundle's {}", other.join(" and "));
            return Err(again(what));
        }
        let between = &mut async |done: u64, total: u64| {
            let what = "hashing the input files".to_owned();
            self.emit(id, Event::Progress { done, total, what });
            self.host.yield_now().await;
            if self.host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let hashed = inputs(&self.library, &map.settings.window, between)
            .await
            .map_err(|why| RequestError::failed(why, "Open it again."))?;
        let ControlFlow::Continue(found) = hashed else { return Err(RequestError::Cancelled) };
        let circumstances = Circumstances::of(map);
        let on = MadeOn::of(&map.device);
        let mut outcomes = Vec::new();
        // Of a season those of the date shown.
        let of_the_date =
            manifest.maps.iter().zip(maps).filter(|(of, _)| of.date.is_none_or(|date| date == map.date));
        for (n, ((of, kept), channel)) in of_the_date.zip(&estimate.channels).enumerate() {
            let facts = provenance::of(estimate, n, &circumstances);
            let made =
                geotiff::write_channel(channel, &facts, None).map_err(|e| RequestError::failed(e, ""))?;
            let window = manifest.settings.window.covering(of.output.resolution());
            let comparison = compare(kept, &made, &window)
                .map_err(|why| BundleError::Map { file: of.file.clone(), why })?;
            // A GPU rounds otherwise, whatever made the bundle.
            let here = if map.device.gpu { on.tolerance(of.output, device::TOLERANCE) } else { 0.0 };
            let tolerance = of.tolerance.max(here);
            outcomes.push(Outcome { map: MapOf { tolerance, ..of.clone() }, comparison });
        }
        let verdict = Verdict::of(manifest, &outcomes, map.device.gpu);
        let mut details: Vec<String> = outcomes.iter().map(Outcome::words).collect();
        let others = manifest.dates_and_maps().count() - 1;
        if others > 0 {
            details.push(format!(
                "{} is compared; choose another of the season's {} dates to compare that one, or run loam reproduce for all.",
                map.date,
                others + 1
            ));
        }
        details.extend(differing(&manifest.inputs, &found));
        if manifest.software != software() {
            details.push(format!(
                "It was made by {}; this is {}.",
                manifest.software.words(),
                software().words()
            ));
        }
        let reproduced = verdict != Verdict::Differs;
        let verdict = verdict.words(false);
        let compared = BundleComparison { reproduced, verdict, details };
        self.emit(id, Event::Bundle(BundleEvent::Compared(compared)));
        Ok(())
    }
}

fn report(manifest: &Manifest) -> BundleReport {
    let demo = manifest.scene.as_ref().filter(|scene| scene.seed == DEMO_SEED);
    let demo = demo.and_then(|scene| Preset::find(&scene.place)).map(|preset| preset.key.to_owned());
    BundleReport {
        title: manifest.title(),
        made: format!(
            "made {} by {} on {}, {}",
            manifest.made.replace('T', " ").replace('Z', " UTC"),
            manifest.software.words(),
            manifest.device.name,
            manifest.device.platform
        ),
        dates: manifest.dates_and_maps().map(|(date, _)| date).collect(),
        settings: manifest.settings.clone(),
        method: manifest.method,
        demo,
        inputs: manifest.inputs.iter().map(|input| input.name.clone()).collect(),
    }
}

/// What of a map's choices is not the bundle's.
fn unlike(manifest: &Manifest, map: &MapReport) -> Vec<&'static str> {
    let (own, wanted) = (&map.settings, &manifest.settings);
    let rules = (own.quality, own.history_cover, own.history_disaggregated, own.mass_correction)
        != (wanted.quality, wanted.history_cover, wanted.history_disaggregated, wanted.mass_correction);
    [
        ("date", manifest.dates_and_maps().all(|(date, _)| date != map.date)),
        ("region", own.window != wanted.window),
        ("rules", rules),
        ("method", map.weights.method() != manifest.method),
    ]
    .into_iter()
    .filter_map(|(what, other)| other.then_some(what))
    .collect()
}

/// Input files that are missing, changed, or besides those of the bundle.
fn differing(wanted: &[Input], found: &[Input]) -> Vec<String> {
    let lacks = |input: &&Input| !found.iter().any(|own| own.is_same(input));
    let named = |input: &Input| found.iter().any(|own| own.file_name() == input.file_name());
    let (changed, missing): (Vec<&Input>, Vec<&Input>) =
        wanted.iter().filter(lacks).partition(|input| named(input));
    let besides: Vec<&Input> = found
        .iter()
        .filter(|own| !wanted.iter().any(|input| own.is_same(input) || own.file_name() == input.file_name()))
        .collect();
    let listed = |what: &str, inputs: Vec<&Input>| {
        let names: Vec<&str> = inputs.iter().take(MOST_NAMES).map(|input| input.file_name()).collect();
        let more = inputs.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!inputs.is_empty())
            .then(|| format!("{} input files {what}: {}{more}", inputs.len(), names.join(", ")))
    };
    [
        listed("of the bundle are not open", missing),
        listed("have other bytes than the bundle's", changed),
        listed("are not among the bundle's", besides),
    ]
    .into_iter()
    .flatten()
    .collect()
}
