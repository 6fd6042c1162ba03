//! The networks' weights in a session, and which network answers.

use std::collections::BTreeSet;

use ease_grid::EaseWindow;
use loam_core::closed_form::Needs;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::stack::{HistoryRule, Shipped};
use loam_core::weights_report::WeightsReport;
use loam_nn::{AnyNetwork, ModelError, Weights, for_network};

use super::Host;
use super::loaded::LoadedNetwork;
use super::state::{RequestError, Session};
use crate::protocol::{DayReport, Event, Timeline};

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
        if about.shipped {
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
            name: if about.shipped { String::new() } else { format!("none of the {} loaded", about.name) },
            network,
            ..WeightsReport::default()
        })
    }

    pub(super) fn report_weights(&self, id: u64) {
        self.emit(id, Event::Weights(self.method_report()));
    }

    /// A method may need other things of a date than SMAP and history.
    pub(super) fn blocked_by_method(&self, timeline: &mut Timeline, rule: HistoryRule) {
        let share = |share: Option<f32>| share.is_some_and(|share| share > 0.0);
        let with = |has: &dyn Fn(&DayReport) -> bool| {
            timeline.days.iter().filter(|day| has(day)).map(|day| day.date).collect::<BTreeSet<_>>()
        };
        let seen = || (with(&|day| share(day.coarse)), "SMAP did not see this region on this date.");
        let (dates, otherwise) = match self.active {
            method if method.whole_past() => seen(),
            Method::Network(network) => {
                let dates =
                    for_network!(network, N => <N as loam_nn::NetworkModel>::dates(network, &self.library));
                let Some(found) = dates else { return };
                found
            }
            Method::ClosedForm(method) => match method.about().needs {
                Needs::History => return,
                Needs::Coarse | Needs::Past => seen(),
                Needs::Backscatter => (
                    with(&|day| share(day.coarse) && share(day.backscatter)),
                    "This method needs SMAP and backscatter of this date.",
                ),
            },
        };
        let past = self.series.as_ref().filter(|_| self.active.whole_past());
        let maps = past.map(|series| series.maps(rule).collect::<Vec<_>>());
        for day in &mut timeline.days {
            day.history.clear();
            day.earlier = maps.as_ref().map(|maps| maps.partition_point(|map| *map < day.date));
            day.blocked = (!dates.contains(&day.date)).then(|| otherwise.to_owned());
        }
    }
}
