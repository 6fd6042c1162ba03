//! One date of a run: what the network sees and what it is compared with, complete, so that a run resumes and is scored without the files
//! it came from (a browser does not keep them over a reload).

use jiff::civil::Date;

use crate::train::example::{broken, head, read_head};
use crate::{Archive, HALO, Smen};
use crate::{KeptImage, TrainError, TrainSample};
use ease_grid::Edges;
use loam_core::training::DateRole;

/// Metadata key of [`RunImage::margin`].
const MARGIN: &str = "margin";

/// An image of a run, row-major from the north-west corner, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct RunImage {
    /// Its date.
    pub date: Date,
    /// What it is used for.
    pub role: DateRole,
    /// Input, target, mask, over the region and its margin; the mask is 0 in the margin.
    pub sample: TrainSample,
    /// Cells around the region that the network looks at.
    pub margin: Edges,
    /// Bilinear SMAP: the baseline. NaN where it has no value.
    pub bilinear: Vec<f32>,
    /// [`ease_grid::Reason`] of SMAP's cells, by number: where the estimate is masked.
    pub reasons: Vec<u8>,
}

impl RunImage {
    /// Columns and rows of the region, without the margin.
    #[must_use]
    pub fn region_size(&self) -> (usize, usize) {
        let Edges { west, north, east, south } = self.margin;
        (self.sample.columns - west - east, self.sample.rows - north - south)
    }

    /// The region's part of a plane over the image.
    #[must_use]
    pub fn in_region<T: Copy>(&self, plane: &[T]) -> Vec<T> {
        self.margin.cut(plane, self.sample.columns)
    }

    /// The image with at most this margin: images of one run are of one size. Cells of the region that see the new edge no longer count.
    #[must_use]
    pub fn narrowed(self, to: Edges) -> Self {
        let margin = self.margin.min(to);
        if margin == self.margin {
            return self;
        }
        let Edges { west, north, east, south } = self.margin;
        let off = Edges {
            west: west - margin.west,
            north: north - margin.north,
            east: east - margin.east,
            south: south - margin.south,
        };
        let columns = self.sample.columns - off.west - off.east;
        let rows = self.sample.rows - off.north - off.south;
        let cut = |plane: &[f32]| off.cut(plane, self.sample.columns);
        let cells = self.sample.columns * self.sample.rows;
        let mut mask = cut(&self.sample.mask);
        let beyond = Edges::all(HALO);
        for (at, mask) in mask.iter_mut().enumerate() {
            if beyond.hold(columns, rows, at % columns, at / columns) {
                *mask = 0.0;
            }
        }
        let d = self.sample.residuals.chunks_exact(cells).flat_map(cut).collect();
        let sample = TrainSample {
            columns,
            rows,
            coarse_input: cut(&self.sample.coarse_input),
            residuals: d,
            target: cut(&self.sample.target),
            mask,
        };
        let reasons = off.cut(&self.reasons, self.sample.columns);
        Self { sample, margin, bilinear: cut(&self.bilinear), reasons, ..self }
    }
}

impl KeptImage for RunImage {
    type Example = TrainSample;
    type Model = Smen;

    fn date(&self) -> Date {
        self.date
    }

    fn role(&self) -> DateRole {
        self.role
    }

    fn example(&self) -> &TrainSample {
        &self.sample
    }

    fn to_bytes(&self) -> Vec<u8> {
        let sample = &self.sample;
        let mut archive = head(self.date, self.role, (sample.columns, sample.rows));
        for (name, values) in [
            ("i", &sample.coarse_input),
            ("d", &sample.residuals),
            ("target", &sample.target),
            ("mask", &sample.mask),
            ("bilinear", &self.bilinear),
        ] {
            archive.put(name, values.clone());
        }
        let Edges { west, north, east, south } = self.margin;
        archive.metadata.insert(MARGIN.into(), format!("{west} {north} {east} {south}"));
        archive.put("reasons", self.reasons.iter().map(|r| f32::from(*r)).collect());
        archive.to_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let mut archive = Archive::from_bytes(bytes).map_err(broken)?;
        let (date, role, (columns, rows)) = read_head(&archive)?;
        // Images kept before there was a margin have none.
        let margin = archive.metadata.get(MARGIN).map_or(Some(Edges::default()), |text| margin(text));
        let margin = margin.ok_or_else(|| broken("its margin".into()))?;
        let mut take = |name: &str| archive.take(name).map_err(broken);
        Ok(Self {
            date,
            role,
            sample: TrainSample {
                columns,
                rows,
                coarse_input: take("i")?,
                residuals: take("d")?,
                target: take("target")?,
                mask: take("mask")?,
            },
            margin,
            bilinear: take("bilinear")?,
            reasons: take("reasons")?.into_iter().map(|r| r as u8).collect(),
        })
    }
}

/// Four numbers: west, north, east, south.
fn margin(text: &str) -> Option<Edges> {
    let mut numbers = text.split(' ').map(|word| word.parse::<usize>().ok());
    let mut next = || numbers.next().flatten();
    Some(Edges { west: next()?, north: next()?, east: next()?, south: next()? })
}
