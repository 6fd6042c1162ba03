//! A method that is ready to estimate: in closed form, or a network with its weights.

use std::ops::ControlFlow;

use burn::tensor::Device;
use jiff::civil::Date;
use loam_core::closed_form::ClosedForm;
use loam_core::estimate::Estimate;
use loam_core::stack::Preset;
use loam_core::weights_report::WeightsReport;
use loam_nn::onnx::{self, Signature};
use loam_nn::{AnyNetwork, AskedOfAny, Data, Hears, SeenInputs, Weights, block_on};

/// A model as ONNX, and its channels.
pub type Model = (Vec<u8>, Signature);

/// Either kind of method.
pub enum Ready {
    ClosedForm(ClosedForm),
    Network(Box<Loaded>),
}

/// A network.
pub struct Loaded {
    model: AnyNetwork,
    weights: Weights,
    report: WeightsReport,
}

impl Ready {
    /// The network of these weights.
    pub fn network(
        (name, weights): (String, Weights),
        device: &Device,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let model = AnyNetwork::load(&weights, device)?;
        let report = weights.report(&name);
        Ok(Self::Network(Box::new(Loaded { model, weights, report })))
    }

    /// Its weights as safetensors; `None` without any.
    pub fn weights(&self) -> Option<Vec<u8>> {
        match self {
            Self::ClosedForm(_) => None,
            Self::Network(loaded) => Some(loaded.weights.to_bytes()),
        }
    }

    /// What is known of it.
    pub fn report(&self) -> WeightsReport {
        match self {
            Self::ClosedForm(method) => (*method).into(),
            Self::Network(loaded) => loaded.report.clone(),
        }
    }

    /// As ONNX with its channels; `None` for a method in closed form.
    ///
    /// # Errors
    /// For weights that are not their network's.
    pub fn onnx(&self) -> Result<Option<Model>, Box<dyn std::error::Error>> {
        match self {
            Self::ClosedForm(_) => Ok(None),
            Self::Network(loaded) => Ok(Some(onnx::write(&loaded.weights, &loaded.report.name)?)),
        }
    }

    /// What a network saw of a date; `None` for a method or a network whose inputs are not given out.
    ///
    /// # Errors
    /// As [`Ready::estimate`].
    pub fn inputs(
        &self,
        data: Data<'_>,
        date: Date,
        device: &Device,
    ) -> Result<Option<SeenInputs>, Box<dyn std::error::Error>> {
        let Self::Network(loaded) = self else { return Ok(None) };
        let Loaded { model, weights, .. } = loaded.as_ref();
        let asked =
            AskedOfAny { date, shift: false, weights, region: None, before: None, device, tile: None };
        let mut unheard = Hears(async |_: usize, _: usize, _: &str| ControlFlow::Continue(()));
        Ok(block_on(model.seen_inputs(data, &asked, &mut unheard))?)
    }

    /// The map of a date. `shift`: each 36 km block to SMAP's mean.
    pub fn estimate(
        &self,
        data: Data<'_>,
        date: Date,
        shift: bool,
        preset: Option<Preset>,
        device: &Device,
    ) -> Result<Estimate, Box<dyn std::error::Error>> {
        match self {
            Self::ClosedForm(method) => Ok(method.estimate(data.library, data.series, date, data.rule)?),
            Self::Network(loaded) => {
                let Loaded { model, weights, .. } = loaded.as_ref();
                let region = preset.map(|preset| preset.key);
                let asked = AskedOfAny { date, shift, weights, region, before: None, device, tile: None };
                let mut unheard = Hears(async |_: usize, _: usize, _: &str| ControlFlow::Continue(()));
                Ok(block_on(model.estimate(data, &asked, &mut unheard))?)
            }
        }
    }
}
