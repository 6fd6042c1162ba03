//! The operations on burn's CPU backend.

use std::borrow::Cow;

use burn::backend::flex::{Flex, FlexTensor};
use burn::backend::tensor::FloatTensor;

use super::super::f32x4::{WIDTH, combine};
use super::super::flex::{contiguous, place, values};
use super::super::sizes::{Finish, Sizes, flipped};
use super::super::{norm, parallel, plain, silu, winograd};
use super::DilatedOps;
use super::extents::Extents;
use super::layout::Layout;

/// What one plane is made of: where it goes, where it comes from, what is added.
type Plane<'a> = (&'a mut [f32], &'a mut [f32], Option<&'a [f32]>);

/// A dilated convolution as one without dilation.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Of the convolution without dilation: channels in fours, rearranged images.
    sizes: Sizes,
    layout: Layout,
    /// Channels that are read, and written.
    channels: (usize, usize),
}

impl Plan {
    /// For these tensors, where there is a kernel.
    pub fn new(
        x: &FlexTensor,
        weight: &FlexTensor,
        bias: &FlexTensor,
        dilation: usize,
        residual: bool,
    ) -> Option<Self> {
        let Extents { batch, channels, image } = Extents::of([x, weight, bias], dilation, residual)?;
        let layout = Layout::new(image, dilation);
        let (rows, columns) = layout.extents();
        let sizes = Sizes {
            batch,
            channels_in: channels.0.next_multiple_of(WIDTH),
            channels_out: channels.1.next_multiple_of(WIDTH),
            depth_in: 1,
            depth_kernel: 1,
            pad_depth: 0,
            rows,
            columns,
        };
        winograd::fits(&sizes).then_some(Self { sizes, layout, channels })
    }

    fn channels_are_whole(&self) -> bool {
        self.channels == (self.sizes.channels_in, self.sizes.channels_out)
    }

    /// Planes of `[B, channels, H, W]`, rearranged and multiplied with the factors in that layout, with channels of zeros behind them up
    /// to `filled`.
    fn spread(
        &self,
        image: &[f32],
        (channels, filled): (usize, usize),
        factors: Option<&FlexTensor>,
    ) -> Vec<f32> {
        let (plane, image_plane) = (self.layout.plane(), self.layout.image_plane());
        let filled_place = |index: usize| index / channels * filled + index % channels;
        let mut spread = vec![0.0; self.sizes.batch * filled * plane];
        let planes = spread
            .chunks_exact_mut(filled * plane)
            .flat_map(|image| image.chunks_exact_mut(plane).take(channels));
        parallel::for_each(
            planes.zip(image.chunks_exact(image_plane)).enumerate().collect(),
            || (),
            |(), (index, (to, from)): (usize, (&mut [f32], &[f32]))| {
                self.layout.spread(from, to);
                if let Some(factors) = factors {
                    let factors = &values(factors)[filled_place(index) * plane..][..plane];
                    combine(to, factors, |to, factor| to * factor);
                }
            },
        );
        spread
    }

    /// Calls `of` for each plane of a new image of so many channels, with the plane it is made of and that of `other`.
    fn collect(
        &self,
        (planes, filled): (&mut [f32], usize),
        channels: usize,
        other: Option<&[f32]>,
        of: impl Fn(&mut Vec<f32>, Plane<'_>) + Sync + Send,
    ) -> FlexTensor {
        let (plane, image_plane) = (self.layout.plane(), self.layout.image_plane());
        let mut image = vec![0.0; self.sizes.batch * channels * image_plane];
        let planes = planes
            .chunks_exact_mut(filled * plane)
            .flat_map(|image| image.chunks_exact_mut(plane).take(channels));
        let mut others = other.map(|other| other.chunks_exact(image_plane));
        let tasks = image
            .chunks_exact_mut(image_plane)
            .zip(planes)
            .map(|(to, from)| (to, from, others.as_mut().and_then(Iterator::next)))
            .collect();
        parallel::for_each(tasks, || vec![0.0; plane], of);
        let (rows, columns) = self.layout.image();
        place(image, [self.sizes.batch, channels, rows, columns])
    }

    /// The input as the convolution reads it.
    pub fn input(&self, x: FlexTensor) -> FlexTensor {
        let Sizes { batch, channels_in, rows, columns, .. } = self.sizes;
        let x = contiguous(x);
        if self.layout.is_image() && self.channels.0 == channels_in {
            return x;
        }
        place(
            self.spread(values(&x), (self.channels.0, channels_in), None),
            [batch, channels_in, rows, columns],
        )
    }

    /// Weights with zeros for the channels that are filled up.
    fn weights<'a>(&self, weight: &'a FlexTensor) -> Cow<'a, [f32]> {
        let weight = values(weight);
        if self.channels_are_whole() {
            return Cow::Borrowed(weight);
        }
        let mut filled = vec![0.0; self.sizes.length_weights()];
        let (of_out, of_out_filled) = (self.channels.0 * 9, self.sizes.channels_in * 9);
        for (to, from) in filled.chunks_exact_mut(of_out_filled).zip(weight.chunks_exact(of_out)) {
            to[..of_out].copy_from_slice(from);
        }
        Cow::Owned(filled)
    }

    /// The convolution with bias of an [`input`](Self::input), in its layout.
    pub fn convolve(&self, input: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor) -> Vec<f32> {
        let mut bias = values(bias).to_vec();
        bias.resize(self.sizes.channels_out, 0.0);
        let mut out = vec![0.0; self.sizes.length_out()];
        let finish = Finish { bias: Some(&bias), relu: false, affine: None };
        winograd::convolve(&self.sizes, values(input), &self.weights(weight), &finish, &mut out);
        out
    }

    /// The image of the convolution's result.
    pub fn image(&self, mut z: Vec<f32>) -> FlexTensor {
        self.restored(&mut z, (self.sizes.channels_out, self.channels.1), None)
    }

    /// The image of planes, `other` added.
    fn restored(
        &self,
        planes: &mut [f32],
        (filled, channels): (usize, usize),
        other: Option<&[f32]>,
    ) -> FlexTensor {
        self.collect((planes, filled), channels, other, |_, (to, from, other)| {
            self.layout.collect(from, other, to);
        })
    }

    /// The block's image from the convolution's result.
    pub fn activated(&self, z: &mut [f32], residual: Option<&FlexTensor>) -> FlexTensor {
        let planes = (z, self.sizes.channels_out);
        self.collect(planes, self.channels.1, residual.map(values), |value, (to, z, other)| {
            silu::activate(z, value);
            self.layout.collect(value, other, to);
        })
    }

    /// The same; the slope of SiLU takes the convolution's place.
    pub fn activated_with_slope(&self, z: &mut [f32], residual: Option<&FlexTensor>) -> FlexTensor {
        let planes = (z, self.sizes.channels_out);
        self.collect(planes, self.channels.1, residual.map(values), |value, (to, z, other)| {
            silu::activate_and_keep_slope(z, value);
            self.layout.collect(value, other, to);
        })
    }

    /// What the convolution's result is laid out in, as a tensor.
    pub fn place(&self, z: Vec<f32>) -> FlexTensor {
        let Sizes { batch, channels_out, rows, columns, .. } = self.sizes;
        place(z, [batch, channels_out, rows, columns])
    }

    /// The gradient of the convolution's result, from that of the image; through SiLU where its slope is given.
    pub fn gradient(&self, dy: &FlexTensor, slope: Option<&FlexTensor>) -> Vec<f32> {
        self.spread(values(dy), (self.channels.1, self.sizes.channels_out), slope)
    }

    /// The gradient of the bias.
    pub fn bias_gradient(&self, g: &[f32]) -> FlexTensor {
        let mut sums = norm::channel_sums(g, self.sizes.channels_out, self.layout.plane());
        sums.truncate(self.channels.1);
        place(sums, [self.channels.1])
    }

    /// The gradient of the weights.
    pub fn weight_gradient(&self, input: &FlexTensor, g: &[f32]) -> FlexTensor {
        let mut gradient = winograd::weight_gradient(&self.sizes, values(input), g);
        let (channels_in, channels_out) = self.channels;
        if !self.channels_are_whole() {
            gradient = gradient
                .chunks_exact(self.sizes.channels_in * 9)
                .take(channels_out)
                .flat_map(|of_out| &of_out[..channels_in * 9])
                .copied()
                .collect();
        }
        place(gradient, [channels_out, channels_in, 3, 3])
    }

    /// The gradient of the input, that of a residual added.
    pub fn input_gradient(
        &self,
        weight: &FlexTensor,
        g: &[f32],
        residual: Option<&FlexTensor>,
    ) -> FlexTensor {
        let back = self.sizes.backwards();
        let mut out = vec![0.0; back.length_out()];
        let weights = flipped(&self.sizes, &self.weights(weight));
        winograd::convolve(&back, g, &weights, &Finish::NONE, &mut out);
        self.restored(&mut out, (back.channels_out, self.channels.0), residual.map(values))
    }
}

impl DilatedOps for Flex {
    fn dilated_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
    ) -> FloatTensor<Self> {
        let Some(plan) = Plan::new(&x, &weight, &bias, dilation, false) else {
            return plain::dilated_convolution::<Self>(x, weight, bias, dilation);
        };
        let [weight, bias] = [weight, bias].map(contiguous);
        plan.image(plan.convolve(&plan.input(x), &weight, &bias))
    }

    fn dilated_block(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
        residual: bool,
    ) -> FloatTensor<Self> {
        let Some(plan) = Plan::new(&h, &weight, &bias, dilation, residual) else {
            return plain::dilated_block::<Self>(h, weight, bias, dilation, residual);
        };
        let [h, weight, bias] = [h, weight, bias].map(contiguous);
        let mut z = plan.convolve(&plan.input(h.clone()), &weight, &bias);
        plan.activated(&mut z, residual.then_some(&h))
    }
}
