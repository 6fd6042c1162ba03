//! What the paper reports, the anchors of every table (model.md, "The paper's figures"), and its protocol.

use jiff::civil::{Date, date};

use loam_core::network::Inputs;

/// First test date: train on 2016-2017, test on 2018, by time and never at random.
pub const TEST_FROM: Date = date(2018, 1, 1);
/// First training date.
pub const TRAIN_FROM: Date = date(2016, 1, 1);
/// Passes over the training images.
pub const EPOCHS: usize = 1000;
/// Adam's learning rate.
pub const LEARNING_RATE: f64 = 1e-4;

/// uRMSE on training and test images, m3/m3.
pub type Pair = (f64, f64);

/// A region of Table 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegionRow {
    /// Key of the preset.
    pub region: &'static str,
    /// Training and test images.
    pub images: (usize, usize),
    /// uRMSE, m3/m3.
    pub urmse: Pair,
}

/// Table 1: three climates.
pub const TABLE_1: [RegionRow; 3] = [
    RegionRow { region: "oklahoma-city", images: (80, 50), urmse: (0.021, 0.048) },
    RegionRow { region: "tucson", images: (30, 10), urmse: (0.024, 0.034) },
    RegionRow { region: "geneva", images: (60, 30), urmse: (0.057, 0.046) },
];

/// Table 2: Tucson, which inputs the network has. Images as in Table 1.
pub const TABLE_2: [(Inputs, Pair); 3] = [
    (Inputs::Spatial, (0.022, 0.039)),
    (Inputs::Temporal, (0.026, 0.049)),
    (Inputs::Spatiotemporal, (0.024, 0.034)),
];

/// Table 3: size of the training set at 10 fixed test images. The paper names no region for it; Tucson, which has 10 test images in
/// Table 1, is the reading here.
pub const TABLE_3: [(usize, Pair); 4] =
    [(10, (0.025, 0.085)), (20, (0.025, 0.068)), (50, (0.023, 0.033)), (100, (0.022, 0.034))];

/// Region of Tables 2 and 3.
pub const TUCSON: RegionRow = TABLE_1[1];
