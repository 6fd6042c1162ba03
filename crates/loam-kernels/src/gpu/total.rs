//! Sums over a workgroup.

use cubecl::prelude::*;

/// The sum of a value over the [`threads`](CubeDim) of a workgroup, for each of them. `threads` is a power of two, `scratch` has room for one
/// number a thread. Every thread must come here.
#[cube]
pub fn total(scratch: &mut Shared<[f32]>, value: f32, #[comptime] threads: u32) -> f32 {
    let thread = UNIT_POS_X;
    // Nobody still reads the sum before.
    sync_cube();
    scratch[thread as usize] = value;
    sync_cube();
    let halvings = comptime!(threads.ilog2());
    #[unroll]
    for n in 0..halvings {
        let half = comptime!(threads >> (n + 1));
        if thread < half {
            scratch[thread as usize] += scratch[(thread + half) as usize];
        }
        sync_cube();
    }
    scratch[0]
}
