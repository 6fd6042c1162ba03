//! The table of networks: one line each. A network's row of words and numbers is in `loam_core::network`.

use burn::tensor::Device;
use loam_core::network::{Inputs, Network};

use crate::networks::smen::model::Smen;
use crate::networks::tb_cnn::model::TbCnn;
use crate::networks::tb_cnn::schema::NAME;
use crate::networks::tb_cnn::weights as tb_cnn;
use crate::run::Run;
use crate::weights::MODEL;
use crate::{ModelError, NetworkModel, Weights};

/// Makes the enums over all networks and the macros that do the same for whichever it is.
macro_rules! registry {
    ($($pattern:pat => $variant:ident, $model:ty;)+) => {
        /// A network of whichever kind, on its device.
        #[derive(Clone)]
        pub enum AnyNetwork {
            $(
                #[doc = concat!("See [`", stringify!($model), "`].")]
                $variant(Box<$model>),
            )+
        }

        /// A training run of whichever network.
        pub enum AnyRun {
            $(
                #[doc = concat!("See [`", stringify!($model), "`].")]
                $variant(Box<Run<<$model as NetworkModel>::Image>>),
            )+
        }

        $(
            impl Registered for $model {
                fn of(network: &AnyNetwork) -> Option<&Self> {
                    match network {
                        AnyNetwork::$variant(model) => Some(model),
                        #[allow(unreachable_patterns, reason = "a registry of one network has no other")]
                        _ => None,
                    }
                }

                fn into_any(self) -> AnyNetwork {
                    AnyNetwork::$variant(Box::new(self))
                }

                fn any_run(run: Run<Self::Image>) -> AnyRun {
                    AnyRun::$variant(Box::new(run))
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
                    $($pattern => <$model>::load(weights, device).map(Registered::into_any),)+
                }
            }
        }
    };
}

registry! {
    Network::Smen => Smen, Smen;
    Network::Tb(_) => TbCnn, TbCnn;
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

/// The same for a run of whichever network: `of_run!(&run, run => run.trainer.steps())`.
#[macro_export]
macro_rules! of_run {
    ($run:expr, $name:ident => $what:expr) => {
        match $run {
            $crate::AnyRun::Smen($name) => $what,
            $crate::AnyRun::TbCnn($name) => $what,
        }
    };
}

/// The same for the loaded network of whichever kind: `of_network!(&loaded, network => network.estimate(...).await)`.
#[macro_export]
macro_rules! of_network {
    ($network:expr, $name:ident => $what:expr) => {
        match $network {
            $crate::AnyNetwork::Smen($name) => $what,
            $crate::AnyNetwork::TbCnn($name) => $what,
        }
    };
}

/// The same for the type behind a network's name: `for_network!(settings.network, N => N::plan(...))`.
#[macro_export]
macro_rules! for_network {
    ($network:expr, $name:ident => $what:expr) => {
        match $network {
            ::loam_core::network::Network::Smen => {
                type $name = $crate::Smen;
                $what
            }
            ::loam_core::network::Network::Tb(_) => {
                type $name = $crate::tb_cnn::TbCnn;
                $what
            }
        }
    };
}

/// What depends on which network they are of.
impl Weights {
    /// Reads the weights of whichever network the file is of.
    ///
    /// # Errors
    /// Those of [`Weights::from_bytes`] and of [`tb_cnn::read`].
    pub fn of_any_network(bytes: &[u8]) -> Result<Self, ModelError> {
        if tb_cnn::is_tb_cnn(bytes) {
            tb_cnn::read(bytes).map(|(weights, _)| weights)
        } else {
            Self::from_bytes(bytes)
        }
    }

    /// First weights of a network and a seed.
    #[must_use]
    pub fn first(network: Network, inputs: Inputs, seed: u64) -> Self {
        match network {
            Network::Smen => Self::init(inputs, seed),
            Network::Tb(case) => tb_cnn::first_weights(case, seed),
        }
    }

    /// Which network they are of: the metadata's word, SMEN where it has none.
    pub fn network(&self) -> Network {
        if self.metadata.get(MODEL).is_some_and(|name| name == NAME) {
            Network::Tb(tb_cnn::case_of(self))
        } else {
            Network::Smen
        }
    }

    /// Checks the tensors against their network.
    ///
    /// # Errors
    /// [`ModelError::UnfitWeights`], [`ModelError::UnfitTbCnn`].
    pub fn check(&self) -> Result<(), ModelError> {
        match self.network() {
            Network::Tb(_) => tb_cnn::checked(self).map(|_| ()),
            Network::Smen => match self.mismatches() {
                rows if rows.is_empty() => Ok(()),
                rows => Err(ModelError::UnfitWeights { rows }),
            },
        }
    }
}
