//! Which tensors belong together.

use burn::backend::TensorMetadata;
use burn::tensor::DType;

/// Of a convolution of 3 x 3 weights: images `[batch, channels.0, rows, columns]` become `[batch, channels.1, rows, columns]`.
pub struct Extents {
    pub batch: usize,
    /// That are read, and written.
    pub channels: (usize, usize),
    /// Rows and columns.
    pub image: (usize, usize),
}

impl Extents {
    /// Of an image, weights and bias in single precision; `None` where they do not belong together, or nothing is in them.
    pub fn of<T: TensorMetadata>(
        [x, weight, bias]: [&T; 3],
        dilation: usize,
        residual: bool,
    ) -> Option<Self> {
        let (image, kernel, offset) = (x.shape(), weight.shape(), bias.shape());
        let [batch, channels_in, rows, columns] = *image.dims::<4>().as_slice() else { return None };
        let [channels_out, kernel_in, 3, 3] = *kernel.dims::<4>().as_slice() else { return None };
        let single = [x, weight, bias].iter().all(|tensor| tensor.dtype() == DType::F32);
        let some =
            [batch, channels_in, channels_out, rows, columns, dilation].iter().all(|&extent| extent > 0);
        let agree = kernel_in == channels_in
            && *offset.dims::<1>().as_slice() == [channels_out]
            && (!residual || channels_in == channels_out);
        let extents = Self { batch, channels: (channels_in, channels_out), image: (rows, columns) };
        (single && some && agree).then_some(extents)
    }
}
