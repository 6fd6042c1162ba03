//! Which network, as `train`, `predict` and `evaluate` are told.

use loam_core::closed_form::ClosedForm;
use loam_core::network::{Inputs, Network};
use loam_nn::Weights;

/// The network by its key, and the options of before, which are understood for one release.
#[derive(clap::Args)]
pub struct NetworkChoice {
    #[arg(long, value_name = "NETWORK", help = format!("Which network: {} [default: what weights or settings say, else smen]", keys()))]
    network: Option<String>,
    /// Before: smen or tb-cnn
    #[arg(long, hide = true, value_parser = ["smen", "tb-cnn"])]
    model: Option<String>,
    /// Before: what the TB CNN learns
    #[arg(long, hide = true, value_parser = ["tb", "soil-moisture"])]
    case: Option<String>,
}

/// A method in closed form by its key.
pub fn closed_form(key: &str) -> Result<ClosedForm, String> {
    let keys = || ClosedForm::ALL.iter().map(|method| method.about().key).collect::<Vec<_>>().join(", ");
    ClosedForm::find(key).ok_or_else(|| format!("there is no method \"{key}\"; there are: {}", keys()))
}

/// Keys of all networks, parted by commas.
fn keys() -> String {
    Network::ALL.map(|network| network.about().key).join(", ")
}

impl NetworkChoice {
    /// A network is named.
    pub fn is_given(&self) -> bool {
        self.network.is_some() || self.model.is_some()
    }

    /// The network, and the variant by inputs where the old `--network` named one. Says on standard error what is written otherwise now.
    pub fn chosen(&self) -> Result<(Option<Network>, Option<Inputs>), String> {
        let old =
            |was: &str, now: &str| eprintln!("note: {was} will be gone in the next release; write {now}");
        match (self.model.as_deref(), self.case.as_deref()) {
            (Some("tb-cnn"), None) => {
                return Err("say which network: --network tb-brightness or --network tb-soil-moisture".into());
            }
            (None | Some("smen"), Some(_)) => {
                return Err(
                    "--case is of --model tb-cnn, both as before: write --network tb-brightness or --network tb-soil-moisture".into()
                );
            }
            _ => {}
        }
        let by_case = match (self.model.as_deref(), self.case.as_deref()) {
            (Some("tb-cnn"), Some("tb")) => Some("tb-brightness"),
            (Some("tb-cnn"), _) => Some("tb-soil-moisture"),
            (model, _) => model,
        };
        if let Some(key) = by_case {
            let case = self.case.as_ref().map_or_else(String::new, |case| format!(" --case {case}"));
            old(
                &format!("--model {}{case}", self.model.as_deref().unwrap_or_default()),
                &format!("--network {key}"),
            );
        }
        match self.network.as_deref() {
            Some(name) if Inputs::from_name(name).is_some() => {
                old(&format!("--network {name}"), &format!("--inputs {name}"));
                Ok((by_case.and_then(Network::find), Inputs::from_name(name)))
            }
            Some(key) => {
                let network = Network::find(key)
                    .ok_or_else(|| format!("there is no network \"{key}\"; there are: {}", keys()))?;
                Ok((Some(network), None))
            }
            None => Ok((by_case.and_then(Network::find), None)),
        }
    }

    /// Refuses weights of another network than was asked for.
    pub fn check(&self, weights: &Weights) -> Result<(), String> {
        // Before, `--model tb-cnn` left the case to the file.
        if self.model.as_deref() == Some("tb-cnn") && self.case.is_none() {
            eprintln!(
                "note: --model tb-cnn will be gone in the next release; the weights say which network they are of"
            );
            let found = weights.network();
            return if found.is_shipped() { Err(wrong(found, "the TB CNN")) } else { Ok(()) };
        }
        match self.chosen()?.0 {
            Some(wanted) if wanted != weights.network() => Err(wrong(weights.network(), wanted.words())),
            _ => Ok(()),
        }
    }
}

fn wrong(found: Network, wanted: &str) -> String {
    format!(
        "the weights are of the network \"{}\", not of {wanted}: give other weights, or leave --network out",
        found.about().key
    )
}
