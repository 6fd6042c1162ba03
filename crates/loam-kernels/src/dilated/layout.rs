//! Images whose pixels are rearranged, so that a dilated convolution is an undilated one.
//!
//! With dilation d a pixel meets only pixels whose row and column differ from its own by multiples of d. All rows with the same remainder
//! are put one below the other, then all with the next, with one row of zeros between them; likewise the columns. For d = 3:
//!
//! ```text
//! 0 1 2 3 4 5 6 7   ->   0 3 6 . 1 4 7 . 2 5
//! ```
//!
//! The zeros are what pads both neighbours. An extent grows by d - 1 only, where d * d images of their own would each be filled up to whole
//! Winograd tiles: a 100 x 100 image with d = 8 is 729 tiles of 4 x 4, as images of their own it were 1,024.

use super::super::f32x4::combine;

/// Pixels of one remainder along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// The first pixel; every `dilation`-th follows.
    first: usize,
    /// Where it goes.
    to: usize,
    /// How many.
    count: usize,
}

/// Which pixel goes where.
#[derive(Debug, Clone)]
pub struct Layout {
    rows: Vec<Run>,
    columns: Vec<Run>,
    dilation: usize,
    /// Rows and columns of the image.
    image: (usize, usize),
}

/// The runs of an axis.
fn runs(extent: usize, dilation: usize) -> Vec<Run> {
    let mut to = 0;
    (0..dilation.min(extent))
        .map(|first| {
            let run = Run { first, to, count: (extent - first).div_ceil(dilation) };
            to += run.count + 1;
            run
        })
        .collect()
}

/// An extent with the zeros in it.
fn apart(extent: usize, dilation: usize) -> usize {
    (extent + dilation.min(extent)).saturating_sub(1)
}

impl Layout {
    /// For images of so many rows and columns.
    pub fn new((rows, columns): (usize, usize), dilation: usize) -> Self {
        Self {
            rows: runs(rows, dilation),
            columns: runs(columns, dilation),
            dilation,
            image: (rows, columns),
        }
    }

    /// Rows and columns of the image.
    pub fn image(&self) -> (usize, usize) {
        self.image
    }

    /// True where every pixel stays in its place.
    pub fn is_image(&self) -> bool {
        self.dilation == 1
    }

    /// Rows and columns after rearranging.
    pub fn extents(&self) -> (usize, usize) {
        (apart(self.image.0, self.dilation), apart(self.image.1, self.dilation))
    }

    /// Pixels after rearranging.
    pub fn plane(&self) -> usize {
        let (rows, columns) = self.extents();
        rows * columns
    }

    /// Pixels of the image.
    pub fn image_plane(&self) -> usize {
        self.image.0 * self.image.1
    }

    /// Pairs of rows: in the image, rearranged.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let dilation = self.dilation;
        self.rows
            .iter()
            .flat_map(move |run| (0..run.count).map(move |n| (run.first + n * dilation, run.to + n)))
    }

    /// Rearranges a plane. What is zero in `to` between the runs stays so.
    pub fn spread(&self, image: &[f32], to: &mut [f32]) {
        if self.is_image() {
            to.copy_from_slice(image);
            return;
        }
        let (columns, wide) = (self.image.1, self.extents().1);
        for (row, row_to) in self.pairs() {
            let from = &image[row * columns..][..columns];
            let to = &mut to[row_to * wide..][..wide];
            for run in &self.columns {
                let pixels = from[run.first..].iter().step_by(self.dilation);
                for (to, pixel) in to[run.to..][..run.count].iter_mut().zip(pixels) {
                    *to = *pixel;
                }
            }
        }
    }

    /// Puts the pixels of a plane back in their places, added to those of `other` where there is one.
    pub fn collect(&self, plane: &[f32], other: Option<&[f32]>, image: &mut [f32]) {
        let (columns, wide) = (self.image.1, self.extents().1);
        if self.is_image() {
            image.copy_from_slice(plane);
        } else {
            for (row, row_from) in self.pairs() {
                let from = &plane[row_from * wide..][..wide];
                let to = &mut image[row * columns..][..columns];
                for run in &self.columns {
                    let pixels = to[run.first..].iter_mut().step_by(self.dilation);
                    for (to, pixel) in pixels.zip(&from[run.to..][..run.count]) {
                        *to = *pixel;
                    }
                }
            }
        }
        if let Some(other) = other {
            combine(image, other, |to, other| to + other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_that_meet_are_neighbours() {
        let layout = Layout::new((1, 8), 3);
        let image: Vec<f32> = (1..=8).map(|n| n as f32).collect();
        let mut plane = vec![0.0; layout.plane()];
        layout.spread(&image, &mut plane);
        assert_eq!(plane, [1.0, 4.0, 7.0, 0.0, 2.0, 5.0, 8.0, 0.0, 3.0, 6.0]);
    }

    #[test]
    fn pixels_come_back_to_their_places() {
        for (rows, columns, dilation) in
            [(1, 1, 1), (4, 5, 1), (1, 1, 8), (3, 9, 8), (9, 3, 2), (16, 13, 4), (17, 5, 5)]
        {
            let layout = Layout::new((rows, columns), dilation);
            let image: Vec<f32> = (1..=rows * columns).map(|n| n as f32).collect();
            let mut plane = vec![0.0; layout.plane()];
            layout.spread(&image, &mut plane);
            assert_eq!(plane.iter().sum::<f32>(), image.iter().sum::<f32>());
            let mut back = vec![f32::NAN; image.len()];
            layout.collect(&plane, None, &mut back);
            assert_eq!(back, image, "{rows} x {columns}, dilation {dilation}");
            layout.collect(&plane, Some(&image), &mut back);
            assert!(back.iter().zip(&image).all(|(back, image)| *back == 2.0 * image));
        }
    }
}
