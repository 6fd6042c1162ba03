//! Rearranged images, on burn's tensors.

use cubecl::prelude::*;

use super::super::super::dilated::layout::Layout;
use super::super::layout::{self, LayoutExtentsLaunch};
use super::{CubeTensor, MOST_WORKGROUPS, THREADS, empty};

/// Images and the same rearranged.
#[derive(Debug, Clone)]
pub struct Planes {
    /// How many images.
    pub batch: usize,
    /// Channels of the image.
    pub channels: usize,
    /// Channels after rearranging: those of the image, then zeros.
    pub filled: usize,
    /// Rows and columns of the image.
    pub image: (usize, usize),
    /// Pixels between two that a convolution has meet.
    pub dilation: usize,
}

impl Planes {
    /// Rows and columns after rearranging.
    pub fn extents(&self) -> (usize, usize) {
        Layout::new(self.image, self.dilation).extents()
    }

    /// True where nothing moves.
    pub fn stay(&self) -> bool {
        self.dilation == 1 && self.channels == self.filled
    }

    /// True where the kernels can count them.
    pub fn fit(&self) -> bool {
        self.batch <= MOST_WORKGROUPS && self.filled <= MOST_WORKGROUPS && self.dilation < 1 << 16
    }

    fn launch(&self) -> LayoutExtentsLaunch {
        let (tall, wide) = self.extents();
        LayoutExtentsLaunch::new(
            self.channels as u32,
            self.filled as u32,
            self.image.0 as u32,
            self.image.1 as u32,
            tall as u32,
            wide as u32,
            self.dilation as u32,
        )
    }

    fn grid(&self, pixels: usize, channels: usize) -> CubeCount {
        CubeCount::Static(pixels.div_ceil(THREADS as usize) as u32, channels as u32, self.batch as u32)
    }
}

/// `image`, `[B, channels, H, W]`, rearranged and multiplied with the factors in that layout: `[B, filled, H', W']`; one dispatch.
pub fn spread(of: &Planes, image: &CubeTensor, factors: Option<&CubeTensor>) -> CubeTensor {
    let (tall, wide) = of.extents();
    let to = empty(image, [of.batch, of.filled, tall, wide]);
    layout::spread::launch(
        &image.client,
        of.grid(tall * wide, of.filled),
        CubeDim::new_1d(THREADS),
        image.clone().into_buffer_arg(),
        factors.map(|factors| factors.clone().into_buffer_arg()).into(),
        to.clone().into_buffer_arg(),
        of.launch(),
    );
    to
}

/// The image of planes that were rearranged: their numbers or their SiLU, added to those of `other`; one dispatch. The slope of SiLU
/// goes to `slope`, laid out as the planes are.
pub fn collect(
    of: &Planes,
    planes: &CubeTensor,
    other: Option<&CubeTensor>,
    slope: Option<&CubeTensor>,
    silu: bool,
) -> CubeTensor {
    let (rows, columns) = of.image;
    let image = empty(planes, [of.batch, of.channels, rows, columns]);
    layout::collect::launch(
        &planes.client,
        of.grid(rows * columns, of.channels),
        CubeDim::new_1d(THREADS),
        planes.clone().into_buffer_arg(),
        other.map(|other| other.clone().into_buffer_arg()).into(),
        slope.map(|slope| slope.clone().into_buffer_arg()).into(),
        image.clone().into_buffer_arg(),
        of.launch(),
        silu,
    );
    image
}
