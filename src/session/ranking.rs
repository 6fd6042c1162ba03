//! Every method on the newest dates of the region.

use std::ops::ControlFlow;

use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_nn::ranking::{Contestant, rank};
use loam_nn::{Data, Hears};

use super::Host;
use super::state::{RequestError, Session};
use crate::protocol::Event;

impl<H: Host> Session<H> {
    /// Scores every method that can make the map of a date; the best of them answers from then on.
    pub(super) async fn rank(&mut self, id: u64, settings: RegionSettings) -> Result<(), RequestError> {
        let (window, region) = (settings.window, settings.region.clone());
        self.settings = Some(settings);
        let Some(rule) = self.ensure_series(id).await? else { return Ok(()) };
        for network in Network::ALL.into_iter().filter(|network| network.about().shipped) {
            self.ensure_weights(network, &window).await?;
        }
        let (Some(series), Some(processor)) = (&mut self.series, &self.processor) else {
            return Err(RequestError::failed("the session is not ready", "Reload the page."));
        };
        let host = &self.host;
        let listener = &mut Hears(async |done: usize, total: usize, what: &str| {
            let what = what.to_owned();
            host.emit(id, Event::Progress { done: done as u64, total: total as u64, what }, Vec::new());
            host.yield_now().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let contestants: Vec<Contestant> = self
            .networks
            .values()
            .map(|loaded| Contestant {
                model: &loaded.model,
                weights: &loaded.weights,
                name: &loaded.report.name,
            })
            .collect();
        let data = Data { library: &self.library, series, rule };
        let ranking = rank(data, &contestants, processor.device(), region.as_deref(), listener).await?;
        self.active = ranking.best;
        self.emit(id, Event::Ranking(Box::new(ranking)));
        self.report_weights(id);
        Ok(())
    }
}
