//! Every method on the newest dates of the region, and the best of them as what answers.

use std::ops::ControlFlow;

use jiff::civil::Date;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::ranking::{OTHERWISE, Ranking, too_large};
use loam_core::region_settings::RegionSettings;
use loam_core::stack::HistoryRule;
use loam_nn::ranking::{Contestant, rank};
use loam_nn::{Data, Hears};

use super::Host;
use super::state::{RequestError, Session, packed};
use crate::protocol::Event;

impl<H: Host> Session<H> {
    /// The map of a date by the best method. Before it is known the regression's map is shown: comparing may take seconds.
    pub(super) async fn predict_by_best(
        &mut self,
        id: u64,
        date: Date,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let rule = HistoryRule::from(&settings);
        let best = match self.auto.best_for(&settings) {
            Some(best) => best,
            None => {
                self.active = OTHERWISE;
                self.report_weights(id);
                self.predict_by_active(id, date, settings.clone()).await?;
                if let Some(why) = too_large(&settings.window) {
                    self.emit(id, Event::Warning(why));
                    self.auto.found(settings, OTHERWISE);
                    return Ok(());
                }
                let best = self.rank(id, settings.clone()).await?;
                if best == OTHERWISE {
                    return Ok(());
                }
                best
            }
        };
        self.active = if self.serves(best, date, rule) { best } else { OTHERWISE };
        self.report_weights(id);
        self.predict_by_active(id, date, settings).await
    }

    /// The best method answers, found now where it is not known yet.
    pub(super) async fn choose_best(
        &mut self,
        id: u64,
        settings: &RegionSettings,
    ) -> Result<(), RequestError> {
        match self.auto.best_for(settings) {
            Some(best) => self.active = best,
            None if too_large(&settings.window).is_some() => self.active = OTHERWISE,
            None => drop(self.rank(id, settings.clone()).await?),
        }
        Ok(())
    }

    /// The best method, found now where it is not known yet. What answers stays, where it was chosen by hand.
    pub(super) async fn best(&mut self, id: u64, settings: &RegionSettings) -> Result<Method, RequestError> {
        if self.auto.on {
            self.choose_best(id, settings).await?;
            return Ok(self.active);
        }
        if let Some(best) = self.auto.best_for(settings) {
            return Ok(best);
        }
        let ranking = match too_large(&settings.window) {
            Some(_) => None,
            None => self.ranking(id, settings).await?,
        };
        let best = ranking.map_or(OTHERWISE, |ranking| ranking.best);
        self.auto.found(settings.clone(), best);
        Ok(best)
    }

    /// Scores every method that can make the map of a date; the best of them answers from then on.
    pub(super) async fn rank(&mut self, id: u64, settings: RegionSettings) -> Result<Method, RequestError> {
        let Some(ranking) = self.ranking(id, &settings).await? else { return Ok(self.active) };
        self.active = ranking.best;
        self.auto.found(settings, ranking.best);
        let (best, sentence, whole) = (ranking.best, ranking.sentence(), packed(&ranking)?);
        self.emit(id, Event::Ranking { best, sentence, whole });
        self.report_weights(id);
        Ok(self.active)
    }

    /// Scores every method that can make the map of a date; none where no files are open.
    async fn ranking(&mut self, id: u64, settings: &RegionSettings) -> Result<Option<Ranking>, RequestError> {
        let (window, region) = (settings.window, settings.region.clone());
        self.settings = Some(settings.clone());
        let Some(rule) = self.ensure_series(id).await? else { return Ok(None) };
        for network in Network::ALL.into_iter().filter(|network| network.is_shipped()) {
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
        Ok(Some(rank(data, &contestants, processor.device(), region.as_deref(), listener).await?))
    }
}
