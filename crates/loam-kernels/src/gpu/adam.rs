//! Adam over all parameters in one dispatch, and the running statistics of a norm in another.
//!
//! Values and both moments lie in one buffer, in the order in which the gradients lie in theirs: each convolution or block writes all its
//! gradients into one buffer (`autodiff.rs`), so a buffer of gradients is one stretch of the state. Parameters and moments are handed out
//! as parts of the state; every step writes a new one, so nothing that is handed out changes.

use burn::backend::{Cube, TensorMetadata};
use burn::tensor::{DType, Tensor, TensorData};

use super::launch::{CubeTensor, aligned, contiguous, empty, grid, section};
use super::training::{self, NormPlaceLaunch};

/// Buffers of gradients that one dispatch takes: with the state twice, the rates and the scalars, the eight that every WebGPU device binds.
const MOST_SOURCES: usize = 4;

/// A parameter about to move.
#[derive(Debug)]
pub struct Part {
    /// Its value, flat.
    pub value: Tensor<1>,
    /// Its gradient, flat.
    pub gradient: Tensor<1>,
    /// Both moments; none before the first step.
    pub moments: Option<(Tensor<1>, Tensor<1>)>,
}

/// What Adam multiplies with in a step.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Learning rate over 1 - beta1^t.
    pub rate: f64,
    /// One over the root of 1 - beta2^t.
    pub root_factor: f64,
    /// Decay of the first moment.
    pub beta_1: f64,
    /// Decay of the second moment.
    pub beta_2: f64,
    /// Added to the root.
    pub epsilon: f64,
}

/// Where a parameter lies in the state.
type Place = (usize, usize);

/// `[values, first moments, second moments]`, and where the parameters lie in each.
#[derive(Debug, Clone)]
pub struct Flat {
    state: Tensor<1>,
    places: Vec<Place>,
    length: usize,
}

fn primitive(tensor: &Tensor<1>) -> Option<CubeTensor> {
    tensor
        .clone()
        .try_into_primitive::<Cube>()
        .ok()
        .filter(|tensor| tensor.dtype() == DType::F32)
        .map(contiguous)
}

/// First number of a part in its buffer.
fn start(tensor: &CubeTensor) -> usize {
    tensor.handle.offset_start.unwrap_or(0) as usize / size_of::<f32>()
}

/// The whole buffer of a part.
fn whole(tensor: &CubeTensor) -> CubeTensor {
    let mut handle = tensor.handle.clone();
    (handle.offset_start, handle.offset_end) = (None, None);
    let length = handle.size_in_used() as usize / size_of::<f32>();
    CubeTensor::new_contiguous(
        tensor.client.clone(),
        tensor.device.clone(),
        [length].into(),
        handle,
        DType::F32,
    )
}

fn same_buffer(a: &CubeTensor, b: &CubeTensor) -> bool {
    a.handle.memory.descriptor() == b.handle.memory.descriptor()
}

/// Copies into a part of a buffer; zeros without a source.
fn copy(from: Option<CubeTensor>, into: &CubeTensor, at: usize, length: usize) {
    let (count, dim) = grid(length);
    let from = from.map(CubeTensor::into_buffer_arg).into();
    training::copy::launch(
        &into.client,
        count,
        dim,
        from,
        into.clone().into_buffer_arg(),
        at as u32,
        length as u32,
    );
}

impl Flat {
    /// One step. Returns the new values and moments in the order of the parts, and the state for the next step; none where the gradients do
    /// not lie in a few buffers of the GPU.
    pub fn step(before: Option<Self>, parts: &[Part], rates: Rates) -> Option<(Vec<[Tensor<1>; 3]>, Self)> {
        let gradients: Vec<CubeTensor> =
            parts.iter().map(|part| primitive(&part.gradient)).collect::<Option<_>>()?;
        let mut sources: Vec<(CubeTensor, usize)> = Vec::new();
        let mut places = Vec::with_capacity(parts.len());
        let mut length = 0;
        for gradient in &gradients {
            let found =
                sources.iter().find(|(source, _)| same_buffer(source, gradient)).map(|(_, from)| *from);
            let from = match found {
                Some(from) => from,
                None => {
                    let source = whole(gradient);
                    let from = length;
                    length += aligned(source.shape().num_elements());
                    sources.push((source, from));
                    from
                }
            };
            places.push((from + start(gradient), gradient.shape().num_elements()));
        }
        if sources.is_empty()
            || sources.len() > MOST_SOURCES
            || places.iter().any(|(from, _)| aligned(*from) != *from)
        {
            return None;
        }
        let state = match before
            .filter(|flat| flat.places == places && flat.length == length && flat.is_state_of(parts))
        {
            Some(flat) => primitive(&flat.state)?,
            None => gathered(parts, &places, length, &gradients[0])?,
        };
        let next = empty(&state, [3 * length]);
        let changing = TensorData::new(vec![rates.rate as f32, rates.root_factor as f32], [2]);
        let changing = primitive(&Tensor::from_data(changing, &parts[0].gradient.device()))?;
        let source = |n: usize| sources.get(n).map(|(source, _)| source.clone().into_buffer_arg());
        let begin = |n: usize| sources.get(n).map_or(length, |(_, from)| *from) as u32;
        let (count, dim) = grid(length);
        training::adam::launch(
            &state.client,
            count,
            dim,
            state.clone().into_buffer_arg(),
            next.clone().into_buffer_arg(),
            source(0)?,
            source(1).into(),
            source(2).into(),
            source(3).into(),
            changing.into_buffer_arg(),
            length as u32,
            begin(1),
            begin(2),
            begin(3),
            (1.0 - rates.beta_1) as f32,
            rates.beta_2 as f32,
            (1.0 - rates.beta_2) as f32,
            rates.epsilon as f32,
        );
        let out = |part: usize, (from, count): Place| {
            Tensor::from_primitive::<Cube>(section(&next, part * length + from, [count]))
        };
        let results = places.iter().map(|&place| [0, 1, 2].map(|part| out(part, place))).collect();
        Some((results, Self { state: Tensor::from_primitive::<Cube>(next), places, length }))
    }

    /// True where these values and moments are the state's own.
    fn is_state_of(&self, parts: &[Part]) -> bool {
        let Some(state) = primitive(&self.state) else { return false };
        let own = |tensor: &Tensor<1>, at: usize| {
            primitive(tensor).is_some_and(|tensor| same_buffer(&tensor, &state) && start(&tensor) == at)
        };
        parts.iter().zip(&self.places).all(|(part, (from, _))| {
            let moments = part.moments.as_ref();
            own(&part.value, *from)
                && moments.is_some_and(|(first, second)| {
                    own(first, self.length + from) && own(second, 2 * self.length + from)
                })
        })
    }
}

/// A state made of separate tensors: of the first step, and of the first one after a checkpoint.
fn gathered(parts: &[Part], places: &[Place], length: usize, like: &CubeTensor) -> Option<CubeTensor> {
    let state = empty(like, [3 * length]);
    copy(None, &state, 0, 3 * length);
    for (part, (from, count)) in parts.iter().zip(places) {
        copy(Some(primitive(&part.value)?), &state, *from, *count);
        if let Some((first, second)) = &part.moments {
            copy(Some(primitive(first)?), &state, length + from, *count);
            copy(Some(primitive(second)?), &state, 2 * length + from, *count);
        }
    }
    Some(state)
}

/// A norm's running mean and variance, the batch's mean and biased variance, and what makes that unbiased.
#[derive(Debug)]
pub struct Statistics {
    /// Running mean and variance.
    pub running: [Tensor<1>; 2],
    /// The batch's.
    pub batch: [Tensor<1>; 2],
    /// Factor of the batch's variance.
    pub unbiased: f64,
}

/// A norm on the GPU, mean and variance in one buffer: running statistics, the batch's, first numbers.
type OnGpu = (CubeTensor, CubeTensor, [usize; 4], f64);

/// Running statistics moved by `momentum` towards a batch's, of up to three norms of a size; none off the GPU. One dispatch, and two more
/// for a norm whose running mean and variance are not yet parts of one buffer.
pub fn absorb(norms: &[Statistics], momentum: f64) -> Option<Vec<[Tensor<1>; 2]>> {
    let channels = norms.first()?.running[0].dims()[0];
    let stride = aligned(channels);
    let one = |norm: &Statistics| -> Option<OnGpu> {
        let [mean, variance] = [primitive(&norm.running[0])?, primitive(&norm.running[1])?];
        let [batch_mean, batch_variance] = [primitive(&norm.batch[0])?, primitive(&norm.batch[1])?];
        let fits = super::takes(&norm.running[0])
            && norm.running[1].dims() == [channels]
            && same_buffer(&batch_mean, &batch_variance);
        let [from, to] = [start(&mean), start(&variance)];
        let batch_starts = [start(&batch_mean), start(&batch_variance)];
        let (both, apart) = if same_buffer(&mean, &variance) && from < to {
            // No more of the buffer than that: another norm's part may lie in it, and a dispatch must not bind a number twice.
            (section(&whole(&mean), from, [to + channels - from]), to - from)
        } else {
            let both = empty(&mean, [2 * stride]);
            copy(Some(mean), &both, 0, channels);
            copy(Some(variance), &both, stride, channels);
            (both, stride)
        };
        fits.then(|| (both, whole(&batch_mean), [0, apart, batch_starts[0], batch_starts[1]], norm.unbiased))
    };
    let norms: Vec<OnGpu> = norms.iter().map(one).collect::<Option<_>>()?;
    if norms.len() > 3 {
        return None;
    }
    let next = empty(&norms[0].0, [2 * stride * norms.len()]);
    let buffer = |n: usize, batch: bool| {
        norms.get(n).map(|norm| if batch { &norm.1 } else { &norm.0 }.clone().into_buffer_arg())
    };
    let place = |n: usize| {
        let (starts, unbiased) = norms.get(n).map_or(([0; 4], 1.0), |norm| (norm.2, norm.3));
        let [mean, variance, batch_mean, batch_variance] = starts.map(|start| start as u32);
        NormPlaceLaunch::new(mean, variance, batch_mean, batch_variance, unbiased as f32)
    };
    let (count, dim) = grid(channels);
    training::absorb::launch(
        &next.client,
        count,
        dim,
        buffer(0, false)?,
        buffer(0, true)?,
        buffer(1, false).into(),
        buffer(1, true).into(),
        buffer(2, false).into(),
        buffer(2, true).into(),
        next.clone().into_buffer_arg(),
        place(0),
        place(1),
        place(2),
        channels as u32,
        stride as u32,
        (1.0 - momentum) as f32,
        momentum as f32,
    );
    let out = |n: usize| {
        [2 * n, 2 * n + 1]
            .map(|part| Tensor::from_primitive::<Cube>(section(&next, part * stride, [channels])))
    };
    Some((0..norms.len()).map(out).collect())
}

/// A norm with its running statistics as factor and offset, from gamma, beta, mean and variance; one dispatch. None off the GPU.
pub fn frozen_norm(norm: [&Tensor<1>; 4], epsilon: f64) -> Option<[Tensor<1>; 2]> {
    if !super::takes(norm[0]) {
        return None;
    }
    let [gamma, beta] = [primitive(norm[0])?, primitive(norm[1])?];
    let [mean, variance] = [primitive(norm[2])?, primitive(norm[3])?];
    let channels = gamma.shape().num_elements();
    let stride = aligned(channels);
    let next = empty(&gamma, [2 * stride]);
    let (count, dim) = grid(channels);
    let client = next.client.clone();
    training::frozen_norm::launch(
        &client,
        count,
        dim,
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        mean.into_buffer_arg(),
        variance.into_buffer_arg(),
        next.clone().into_buffer_arg(),
        channels as u32,
        stride as u32,
        epsilon as f32,
    );
    Some([0, stride].map(|from| Tensor::from_primitive::<Cube>(section(&next, from, [channels]))))
}
