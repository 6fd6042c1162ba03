//! The networks' weights in a session, and which network answers.

use std::collections::BTreeSet;

use ease_grid::EaseWindow;
use jiff::civil::Date;
use loam_core::closed_form::Needs;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::ranking::OTHERWISE;
use loam_core::stack::{Cover, HistoryRule, Shipped};
use loam_core::weights_report::WeightsReport;
use loam_nn::{AnyNetwork, ModelError, Weights, for_network};

use super::Host;
use super::loaded::LoadedNetwork;
use super::state::{RequestError, Session};
use crate::protocol::{Event, Timeline};

/// The dates of which a condition holds.
type DatesWith<'a> = dyn Fn(&dyn Fn(&Cover) -> bool) -> BTreeSet<Date> + 'a;

impl<H: Host> Session<H> {
    /// Weights from a file's bytes, beside those of other networks. Which network they are of.
    pub(super) fn load_weights(
        &mut self,
        key: &str,
        name: &str,
        bytes: &[u8],
        own: bool,
    ) -> Result<Network, RequestError> {
        let fail = |e: ModelError| RequestError::failed(e, "The weights in use stay as they were.");
        let weights = Weights::of_any_network(bytes).map_err(fail)?;
        let processor = self
            .processor
            .as_ref()
            .ok_or_else(|| RequestError::failed("no device was started", "Reload the page."))?;
        let model = AnyNetwork::load(&weights, processor.device()).map_err(fail)?;
        let shipped = (!own).then(|| key.to_owned());
        let report = WeightsReport { shipped, ..weights.report(name) };
        let network = weights.network();
        self.auto.forget();
        self.networks.insert(network, LoadedNetwork { key: key.to_owned(), weights, report, model, own });
        Ok(network)
    }

    /// The weights of a network: where some are shipped those for the region, unless the user brought their own.
    pub(super) async fn ensure_weights(
        &mut self,
        network: Network,
        window: &EaseWindow,
    ) -> Result<&LoadedNetwork, RequestError> {
        let about = network.about();
        if network.is_shipped() {
            let shipped = Shipped::of(network, window);
            if !self.networks.get(&network).is_some_and(|w| w.own || w.key == shipped.key) {
                let bytes = self.host.shipped_weights(shipped.key).await.map_err(|e| {
                    RequestError::failed(
                        format!("the shipped weights \"{}\" could not be loaded ({e})", shipped.name),
                        "Reload the page, or load your own weights.",
                    )
                })?;
                self.load_weights(shipped.key, &format!("{} (shipped)", shipped.name), &bytes, false)?;
            }
        }
        self.networks.get(&network).ok_or_else(|| {
            let remedy = format!(
                "Load a safetensors file under “Rules and weights”, or train one: loam train --network {} (see the README).",
                about.key
            );
            RequestError::failed(format!("no weights of the {} are loaded", about.name), &remedy)
        })
    }

    /// What the page is told of the method in use.
    pub(super) fn method_report(&self) -> WeightsReport {
        let network = match self.active {
            Method::ClosedForm(method) => return method.into(),
            Method::Network(network) => network,
        };
        let about = network.about();
        self.networks.get(&network).map(|loaded| loaded.report.clone()).unwrap_or_else(|| WeightsReport {
            name: if network.is_shipped() {
                String::new()
            } else {
                format!("none of the {} loaded", about.name)
            },
            network,
            ..WeightsReport::default()
        })
    }

    pub(super) fn report_weights(&self, id: u64) {
        self.emit(id, Event::Weights(self.method_report()));
    }

    /// The dates whose map a method can make, and what to say of the others; none where an earlier 3 km map is all it takes.
    fn servable(&self, method: Method, with: &DatesWith<'_>) -> Option<(BTreeSet<Date>, &'static str)> {
        let share = |share: Option<f32>| share.is_some_and(|share| share > 0.0);
        let seen = || (with(&|cover| share(cover.coarse)), "SMAP did not see this region on this date.");
        match method {
            method if method.whole_past() => Some(seen()),
            Method::Network(network) => {
                for_network!(network, N => <N as loam_nn::NetworkModel>::dates(network, &self.library))
            }
            Method::ClosedForm(method) => match method.about().needs {
                Needs::History => None,
                Needs::Coarse | Needs::Past => Some(seen()),
                Needs::Backscatter => Some((
                    with(&|cover| share(cover.coarse) && share(cover.backscatter)),
                    "This method needs SMAP and backscatter of this date.",
                )),
            },
        }
    }

    /// Whether a method can make the map of a date.
    pub(super) fn serves(&self, method: Method, date: Date, rule: HistoryRule) -> bool {
        let Some(series) = &self.series else { return false };
        let cover = series.covers().get(&date);
        let with = |has: &dyn Fn(&Cover) -> bool| {
            cover.filter(|cover| has(cover)).map(|_| date).into_iter().collect()
        };
        match self.servable(method, &with) {
            Some((dates, _)) => dates.contains(&date),
            None => !series.history(date, rule).is_empty(),
        }
    }

    /// A method may need other things of a date than SMAP and history.
    pub(super) fn blocked_by_method(&self, timeline: &mut Timeline, rule: HistoryRule) {
        let Some(series) = &self.series else { return };
        let with = |has: &dyn Fn(&Cover) -> bool| {
            series
                .covers()
                .iter()
                .filter(|(_, cover)| has(cover))
                .map(|(date, _)| *date)
                .collect::<BTreeSet<_>>()
        };
        // Whatever is chosen, the regression serves where it can.
        let method = if self.auto.on { OTHERWISE } else { self.active };
        let Some((dates, otherwise)) = self.servable(method, &with) else { return };
        let maps = method.whole_past().then(|| series.maps(rule).collect::<Vec<_>>());
        for day in &mut timeline.days {
            day.history.clear();
            day.earlier = maps.as_ref().map(|maps| maps.partition_point(|map| *map < day.date));
            day.blocked = (!dates.contains(&day.date)).then(|| otherwise.to_owned());
        }
    }
}
