//! Weights on the device, and all of them at one moment.

use std::collections::BTreeMap;

use burn::tensor::Device;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::weights_report::WeightsReport;
use loam_nn::{AnyNetwork, ModelError, Weights};

/// Weights on the device.
#[derive(Clone)]
pub(super) struct LoadedNetwork {
    /// Of shipped ones their key, of a run its name, of a file its name.
    pub key: String,
    pub weights: Weights,
    pub report: WeightsReport,
    pub model: AnyNetwork,
    /// The user's, so that another region does not replace them.
    pub own: bool,
}

impl LoadedNetwork {
    /// On another device.
    pub fn move_to(&mut self, device: &Device) -> Result<(), ModelError> {
        self.model = AnyNetwork::load(&self.weights, device)?;
        Ok(())
    }
}

/// The weights in use and what answers, to come back to.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub networks: BTreeMap<Network, LoadedNetwork>,
    pub active: Method,
}
