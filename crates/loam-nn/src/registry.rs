//! The table of networks: one line each. A network's row of words and numbers is in `loam_core::network`.

use burn::tensor::Device;
use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::network::{Inputs, Network};

use crate::onnx::{Graph, Signature};
use crate::run::Run;
use crate::{
    Asked, Data, Listener, ModelError, NetworkModel, Rcn, SeenInputs, Smen, TbCnn, Weights, WorkError,
};

/// What is asked of a network of whichever kind.
pub struct AskedOfAny<'a> {
    /// The date.
    pub date: Date,
    /// See [`Asked`].
    pub shift: bool,
    /// The weights of the network.
    pub weights: &'a Weights,
    /// Key of the region, where it is a preset.
    pub region: Option<&'a str>,
    /// The same network before it was trained here.
    pub before: Option<&'a AnyNetwork>,
    /// The device.
    pub device: &'a Device,
    /// Edge of a tile.
    pub tile: Option<usize>,
}

/// Makes the enums over all networks, and all that is done with whichever network it is. `$d` is a dollar sign, for the macros in the macro.
macro_rules! registry {
    ($d:tt $($pattern:pat => $model:ident;)+) => {
        /// A network of whichever kind, on its device.
        #[derive(Clone)]
        pub enum AnyNetwork {
            $(
                #[doc = concat!("See [`", stringify!($model), "`].")]
                $model(Box<$model>),
            )+
        }

        /// A training run of whichever network.
        pub enum AnyRun {
            $(
                #[doc = concat!("See [`", stringify!($model), "`].")]
                $model(Box<Run<<$model as NetworkModel>::Image>>),
            )+
        }

        $(
            impl Registered for $model {
                fn of(network: &AnyNetwork) -> Option<&Self> {
                    match network {
                        AnyNetwork::$model(model) => Some(model),
                        #[allow(unreachable_patterns, reason = "a registry of one network has no other")]
                        _ => None,
                    }
                }

                fn into_any(self) -> AnyNetwork {
                    AnyNetwork::$model(Box::new(self))
                }

                fn any_run(run: Run<Self::Image>) -> AnyRun {
                    AnyRun::$model(Box::new(run))
                }
            }
        )+

        impl AnyNetwork {
            /// The network of these weights, whichever they are of.
            ///
            /// # Errors
            /// [`ModelError`] for weights that do not fit.
            pub fn load(weights: &Weights, device: &Device) -> Result<Self, ModelError> {
                match weights.network() {
                    $($pattern => $model::load(weights, device).map(Registered::into_any),)+
                }
            }

            /// The map of a date. Who listens is no type of its own here, so that this is compiled once.
            ///
            /// # Errors
            /// [`WorkError`].
            pub async fn estimate(
                &self,
                data: Data<'_>,
                asked: &AskedOfAny<'_>,
                listener: &mut dyn Listener,
            ) -> Result<Estimate, WorkError> {
                let &AskedOfAny { date, shift, weights, region, before, device, tile } = asked;
                let progress = &mut async |done: usize, total: usize, what: &str| listener.hear(done, total, what).await;
                match self {
                    $(AnyNetwork::$model(model) => {
                        let before = before.and_then(Registered::of);
                        let asked = Asked { date, shift, weights, region, before, device, tile };
                        model.estimate(data, &asked, progress).await
                    })+
                }
            }

            /// What it sees of a date, as its ONNX file takes it; `None` for a network whose inputs are not given out.
            ///
            /// # Errors
            /// [`WorkError`].
            pub async fn seen_inputs(
                &self,
                data: Data<'_>,
                asked: &AskedOfAny<'_>,
                listener: &mut dyn Listener,
            ) -> Result<Option<SeenInputs>, WorkError> {
                let &AskedOfAny { date, shift, weights, region, device, tile, .. } = asked;
                let progress = &mut async |done: usize, total: usize, what: &str| listener.hear(done, total, what).await;
                match self {
                    $(AnyNetwork::$model(model) => {
                        let asked = Asked { date, shift, weights, region, before: None, device, tile };
                        model.seen_inputs(data, &asked, progress).await
                    })+
                }
            }
        }

        /// What depends on which network they are of.
        impl Weights {
            /// Reads the weights of whichever network the file is of.
            ///
            /// # Errors
            /// [`ModelError`] for a file that cannot be read, or that is of no network known.
            pub fn of_any_network(bytes: &[u8]) -> Result<Self, ModelError> {
                $(
                    if $model::recognises(bytes) {
                        return <$model as NetworkModel>::read(bytes);
                    }
                )+
                Self::from_bytes(bytes)
            }

            /// First weights of a network and a seed.
            #[must_use]
            pub fn first(network: Network, inputs: Inputs, seed: u64) -> Self {
                match network {
                    $($pattern => $model::first_weights(network, inputs, seed),)+
                }
            }

            /// Which network they are of: the metadata's word, SMEN where it has none.
            pub fn network(&self) -> Network {
                $(
                    if let Some(network) = $model::named_in(self) {
                        return network;
                    }
                )+
                Network::Smen
            }

            /// Checks the tensors against their network.
            ///
            /// # Errors
            /// [`ModelError`] with a table of every mismatch.
            pub fn check(&self) -> Result<(), ModelError> {
                match self.network() {
                    $($pattern => <$model as NetworkModel>::check(self),)+
                }
            }

            /// The network's operations as ONNX, and what its channels are.
            pub(crate) fn onnx(&self) -> Result<(Graph, Signature), ModelError> {
                match self.network() {
                    $($pattern => <$model as NetworkModel>::onnx(self),)+
                }
            }
        }

        /// The same for a run of whichever network: `of_run!(&run, run => run.trainer.steps())`.
        #[macro_export]
        macro_rules! of_run {
            ($d run:expr, $d name:ident => $d what:expr) => {
                match $d run {
                    $($crate::AnyRun::$model($d name) => $d what,)+
                }
            };
        }

        /// The same for the loaded network of whichever kind: `of_network!(&loaded, network => network.estimate(...).await)`.
        #[macro_export]
        macro_rules! of_network {
            ($d network:expr, $d name:ident => $d what:expr) => {
                match $d network {
                    $($crate::AnyNetwork::$model($d name) => $d what,)+
                }
            };
        }

        /// The same for the type behind a network's name: `for_network!(settings.network, N => N::plan(...))`.
        #[macro_export]
        macro_rules! for_network {
            ($d network:expr, $d name:ident => $d what:expr) => {
                match $d network {
                    $(
                        $pattern => {
                            type $d name = $crate::$model;
                            $d what
                        }
                    )+
                }
            };
        }
    };
}

registry! { $
    ::loam_core::network::Network::Smen => Smen;
    ::loam_core::network::Network::Rcn => Rcn;
    ::loam_core::network::Network::Tb(_) => TbCnn;
}

/// What the registry knows of a network's type.
pub trait Registered: NetworkModel {
    /// The network, where it is of this type.
    fn of(network: &AnyNetwork) -> Option<&Self>;
    /// As one of any type.
    fn into_any(self) -> AnyNetwork;
    /// A run of it as one of any type.
    fn any_run(run: Run<Self::Image>) -> AnyRun;
}
