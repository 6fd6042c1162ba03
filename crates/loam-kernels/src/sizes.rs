//! Extents of a convolution, and what happens to its sums before they are written.

use super::f32x4::F32x4;

/// Extents of a convolution with a kernel of `depth_kernel` x 3 x 3, zero padding of one pixel in space and of `pad_depth` in depth.
///
/// Images are `[batch, channels, depth, rows, columns]`, weights `[channels_out, channels_in, depth_kernel, 3, 3]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Images.
    pub batch: usize,
    /// Channels read.
    pub channels_in: usize,
    /// Channels written.
    pub channels_out: usize,
    /// Frames read.
    pub depth_in: usize,
    /// Frames a kernel looks at.
    pub depth_kernel: usize,
    /// Frames of zeros before the first and after the last.
    pub pad_depth: usize,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

impl Sizes {
    /// Frames written.
    pub fn depth_out(&self) -> usize {
        self.depth_in + 2 * self.pad_depth + 1 - self.depth_kernel
    }

    /// Pixels of a frame.
    pub fn plane(&self) -> usize {
        self.rows * self.columns
    }

    /// Numbers of the input.
    pub fn length_in(&self) -> usize {
        self.batch * self.channels_in * self.depth_in * self.plane()
    }

    /// Numbers of the output.
    pub fn length_out(&self) -> usize {
        self.batch * self.channels_out * self.depth_out() * self.plane()
    }

    /// Numbers of the weights.
    pub fn length_weights(&self) -> usize {
        self.channels_out * self.channels_in * self.depth_kernel * 9
    }

    /// The convolution that takes a gradient of the output to the gradient of the input: channels change places, and with
    /// [`flipped`] weights the padding is what the kernel leaves.
    pub fn backwards(&self) -> Sizes {
        Sizes {
            channels_in: self.channels_out,
            channels_out: self.channels_in,
            depth_in: self.depth_out(),
            pad_depth: self.depth_kernel - 1 - self.pad_depth,
            ..*self
        }
    }

    /// Frames that output frame `depth` is made of, and the first one's place in the kernel.
    pub fn frames(&self, depth: usize) -> (std::ops::Range<usize>, usize) {
        let first = depth.saturating_sub(self.pad_depth);
        let last = (depth + self.depth_kernel - self.pad_depth).min(self.depth_in);
        (first..last, first + self.pad_depth - depth)
    }
}

/// Weights flipped for [`Sizes::backwards`]: `[in, out, depth, 3, 3]`, each kernel in reverse order.
pub fn flipped(sizes: &Sizes, weights: &[f32]) -> Vec<f32> {
    let taps = sizes.depth_kernel * 9;
    let mut flipped = vec![0.0; weights.len()];
    for (to, kernel) in flipped.chunks_exact_mut(taps).enumerate() {
        let (channel_in, channel_out) = (to / sizes.channels_out, to % sizes.channels_out);
        let at = (channel_out * sizes.channels_in + channel_in) * taps;
        for (tap, from) in kernel.iter_mut().zip(weights[at..at + taps].iter().rev()) {
            *tap = *from;
        }
    }
    flipped
}

/// What a sum goes through, per channel, before it is written: `max(sum + bias, floor) * scale + shift`.
#[derive(Debug, Clone, Copy)]
pub struct Finish<'a> {
    /// Per channel; none adds nothing.
    pub bias: Option<&'a [f32]>,
    /// Rectified.
    pub relu: bool,
    /// Scale and shift per channel; none leaves the value.
    pub affine: Option<(&'a [f32], &'a [f32])>,
}

/// [`Finish`] of one channel.
#[derive(Debug, Clone, Copy)]
pub struct ChannelFinish {
    bias: F32x4,
    floor: F32x4,
    scale: F32x4,
    shift: F32x4,
}

impl Finish<'_> {
    /// Nothing is done.
    pub const NONE: Finish<'static> = Finish { bias: None, relu: false, affine: None };

    /// For one channel.
    pub fn channel(&self, channel: usize) -> ChannelFinish {
        let (scale, shift) =
            self.affine.map_or((1.0, 0.0), |(scale, shift)| (scale[channel], shift[channel]));
        ChannelFinish {
            bias: F32x4::splat(self.bias.map_or(0.0, |bias| bias[channel])),
            floor: F32x4::splat(if self.relu { 0.0 } else { f32::NEG_INFINITY }),
            scale: F32x4::splat(scale),
            shift: F32x4::splat(shift),
        }
    }
}

impl ChannelFinish {
    /// The finished value of four sums.
    #[inline(always)]
    pub fn apply(&self, sum: F32x4) -> F32x4 {
        (sum + self.bias).at_least(self.floor) * self.scale + self.shift
    }
}
