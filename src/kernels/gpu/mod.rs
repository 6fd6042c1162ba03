//! The operations on burn's CubeCL backend: WebGPU in the browser, Vulkan, Metal and DirectX natively.
//!
//! | file | kernels |
//! |---|---|
//! | `pack` | weights in the order the others read them |
//! | `convolve` | the convolution with everything that follows it; with turned weights, the gradient of its input |
//! | `weights` | the gradient of weights and bias |
//! | `norm` | the norm of a batch, and the way back through norm and ReLU |
//! | `launch` | kernels on burn's tensors |
//! | `autodiff` | the nodes of burn's graph |

mod autodiff;
mod convolve;
mod launch;
mod norm;
mod pack;
mod weights;

use std::sync::atomic::{AtomicBool, Ordering};

use burn::backend::Cube;
use burn::backend::tensor::FloatTensor;

use super::{KernelOps, plain};
use launch::{Channels, convolve, in_one_piece, normalise, pack, section, sizes};

/// Set where the kernels proved wrong on this device.
static PLAIN: AtomicBool = AtomicBool::new(false);

/// From now on the GPU runs the plain form (true) or the kernels (false): one device per program, so one switch.
pub fn use_plain_form(plain: bool) {
    PLAIN.store(plain, Ordering::Relaxed);
}

/// True unless [`use_plain_form`] said otherwise.
pub fn kernels_run() -> bool {
    !PLAIN.load(Ordering::Relaxed)
}

impl KernelOps for Cube {
    fn kernels_convolution(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let Some(sizes) = sizes(&x, &weight, &[&bias]).filter(|_| kernels_run()) else {
            return plain::convolution::<Self>(x, weight, bias);
        };
        let [x, weight, bias] = [x, weight, bias].map(in_one_piece);
        let packed = pack(&sizes, &weight, Some(&bias), None, false, false);
        convolve(&sizes, &x, &packed.weights, Some((&packed.finish, packed.stride)), None, false).0
    }

    fn kernels_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) = sizes(&x, &weight, &[&bias, &scale, &shift]).filter(|_| kernels_run()) else {
            return plain::block::<Self>(x, weight, bias, scale, shift);
        };
        let [x, weight, bias, scale, shift] = [x, weight, bias, scale, shift].map(in_one_piece);
        let packed = pack(&sizes, &weight, Some(&bias), Some((&scale, &shift)), true, false);
        convolve(&sizes, &x, &packed.weights, Some((&packed.finish, packed.stride)), None, false).0
    }

    fn kernels_block_of_batch(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let Some(sizes) = sizes(&x, &weight, &[&bias, &gamma, &beta]).filter(|_| kernels_run()) else {
            return plain::block_of_batch::<Self>(x, weight, bias, gamma, beta, epsilon);
        };
        let [x, weight, bias, gamma, beta] = [x, weight, bias, gamma, beta].map(in_one_piece);
        let packed = pack(&sizes, &weight, Some(&bias), None, true, false);
        let rectified = convolve(&sizes, &x, &packed.weights, Some((&packed.finish, packed.stride)), None, false).0;
        let (y, statistics) = normalise(&Channels::new(&sizes, packed.stride), &rectified, &gamma, &beta, epsilon);
        let [mean, variance] = [0, packed.stride].map(|from| section(&statistics, from, [sizes.channels_out]));
        (y, mean, variance)
    }
}
