//! Rearranged images, as `super::super::dilated::layout` says, and put back in their places with SiLU on the way.

use cubecl::prelude::*;

/// Below this the exponential function may leave the range of `f32`.
const LEAST: f32 = -87.0;

/// Extents of an image, and of the same rearranged.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct LayoutExtents {
    /// Channels of the image.
    pub channels: u32,
    /// Channels after rearranging: those of the image, then zeros.
    pub filled: u32,
    /// Rows of the image.
    pub rows: u32,
    /// Columns of the image.
    pub columns: u32,
    /// Rows after rearranging.
    pub tall: u32,
    /// Columns after rearranging.
    pub wide: u32,
    /// Pixels between two that a convolution has meet.
    pub dilation: u32,
}

/// Where a row or column goes.
#[cube]
fn place(pixel: u32, extent: u32, dilation: u32) -> u32 {
    let phase = pixel % dilation;
    let longer = extent % dilation;
    phase * (extent / dilation + 1) + select(phase < longer, phase, longer) + pixel / dilation
}

/// The row or column that goes to a place; the extent where that is a zero between two runs.
#[cube]
fn source(place: u32, extent: u32, dilation: u32) -> u32 {
    // Runs of `full + 1` pixels come first, then those of `full`; each with the zero behind it.
    let full = extent / dilation;
    let longer = extent % dilation;
    let end = longer * (full + 2);
    let mut phase = 0u32;
    let mut beyond = place;
    let mut length = full + 2;
    if place >= end {
        phase = longer;
        beyond = place - end;
        length = full + 1;
    }
    let n = beyond % length;
    select(n + 1 < length, phase + beyond / length + n * dilation, extent)
}

/// Rearranges an image, each number multiplied with the factor in its place.
#[cube(launch)]
pub fn spread(image: &[f32], factors: ComptimeOption<&[f32]>, to: &mut [f32], e: LayoutExtents) {
    let pixel = ABSOLUTE_POS_X;
    if pixel >= e.tall * e.wide {
        terminate!();
    }
    let row = source(pixel / e.wide, e.rows, e.dilation);
    let column = source(pixel % e.wide, e.columns, e.dilation);
    let at = ((CUBE_POS_Z * e.filled + CUBE_POS_Y) * e.tall * e.wide + pixel) as usize;
    let mut value = 0.0f32;
    if CUBE_POS_Y < e.channels && row < e.rows && column < e.columns {
        value =
            image[(((CUBE_POS_Z * e.channels + CUBE_POS_Y) * e.rows + row) * e.columns + column) as usize];
        #[comptime]
        if let ComptimeOption::Some(factors) = &factors {
            value *= factors[at];
        }
    }
    to[at] = value;
}

/// Puts an image back: its numbers or their SiLU, added to those of `other`. The slope of SiLU goes where the number was.
#[cube(launch)]
pub fn collect(
    planes: &[f32],
    other: ComptimeOption<&[f32]>,
    mut slope: ComptimeOption<&mut [f32]>,
    image: &mut [f32],
    e: LayoutExtents,
    #[comptime] silu: bool,
) {
    let pixel = ABSOLUTE_POS_X;
    if pixel >= e.rows * e.columns {
        terminate!();
    }
    let row = place(pixel / e.columns, e.rows, e.dilation);
    let column = place(pixel % e.columns, e.columns, e.dilation);
    let from = (((CUBE_POS_Z * e.filled + CUBE_POS_Y) * e.tall + row) * e.wide + column) as usize;
    let at = ((CUBE_POS_Z * e.channels + CUBE_POS_Y) * e.rows * e.columns + pixel) as usize;
    let mut value = planes[from];
    if comptime!(silu) {
        let z = value;
        let sigmoid = 1.0 / (1.0 + f32::exp(-select(z > LEAST, z, LEAST)));
        value = z * sigmoid;
        #[comptime]
        if let ComptimeOption::Some(slope) = &mut slope {
            slope[from] = sigmoid * (1.0 + z * (1.0 - sigmoid));
        }
    }
    #[comptime]
    if let ComptimeOption::Some(other) = &other {
        value += other[at];
    }
    image[at] = value;
}
