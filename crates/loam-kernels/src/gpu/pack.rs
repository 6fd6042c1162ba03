//! Weights in the order the kernels read them, and what a sum goes through, as one small dispatch before a convolution.

use cubecl::prelude::*;

use super::convolve::NO_FLOOR;

/// `[out, in, depth, 3, 3]` to `packed`, `[in, depth, 3, 3, out]`, and to `flipped`, `[out, depth, 3, 3, in]` with each kernel read from
/// its end: the weights of the convolution that takes a gradient of the output to the gradient of the input. `finish` takes bias, floor,
/// scale and shift, one every `stride` numbers: bias 0, no floor, scale 1 and shift 0 where nothing is said.
#[cube(launch)]
pub fn pack(
    weight: &[f32],
    bias: ComptimeOption<&[f32]>,
    affine: ComptimeOption<(&[f32], &[f32])>,
    packed: &mut [f32],
    mut flipped: ComptimeOption<&mut [f32]>,
    finish: &mut [f32],
    channels_out: u32,
    channels_in: u32,
    depth_kernel: u32,
    stride: u32,
    #[comptime] relu: bool,
) {
    let thread = ABSOLUTE_POS_X;
    let taps = depth_kernel * 9;
    if thread < channels_out * channels_in * taps {
        let tap = thread % taps;
        let input = (thread / taps) % channels_in;
        let output = thread / (taps * channels_in);
        let value = weight[thread as usize];
        packed[((input * taps + tap) * channels_out + output) as usize] = value;
        #[comptime]
        if let ComptimeOption::Some(flipped) = &mut flipped {
            flipped[((output * taps + taps - 1 - tap) * channels_in + input) as usize] = value;
        }
    }
    if thread < channels_out {
        let at = thread as usize;
        let (shift_at, scale_at, floor_at) =
            ((3 * stride + thread) as usize, (2 * stride + thread) as usize, (stride + thread) as usize);
        #[comptime]
        match bias {
            ComptimeOption::Some(bias) => finish[at] = bias[at],
            ComptimeOption::None => finish[at] = 0.0,
        }
        if comptime!(relu) {
            finish[floor_at] = 0.0;
        } else {
            finish[floor_at] = NO_FLOOR;
        }
        #[comptime]
        match affine {
            ComptimeOption::Some(affine) => {
                finish[scale_at] = affine.0[at];
                finish[shift_at] = affine.1[at];
            }
            ComptimeOption::None => {
                finish[scale_at] = 1.0;
                finish[shift_at] = 0.0;
            }
        }
    }
}
