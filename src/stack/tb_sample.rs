//! What the TB CNN sees of one date (model.md, section 2), and the map it is to give.

use jiff::civil::Date;

use super::fill::nearest_valid;
use super::{Library, Series, StackError, Temperatures, dates_with};
use crate::grid::{EaseWindow, GridError, Raster, Reason, Resolution, resample};
use crate::protocol::{FineOrigin, TbCase};
use crate::read::Overpass;

/// Input and, where there is one, target of the TB CNN for one date. All rasters lie on [`TbSample::window`].
#[derive(Debug, Clone)]
pub struct TbSample {
    /// Which case.
    pub case: TbCase,
    /// The date.
    pub date: Date,
    /// Cells of the estimate: 9 km in case 1, 3 km in case 2.
    pub window: EaseWindow,
    /// Both inputs as observed, coarse cells laid on the fine ones: TB V and H, or soil moisture and land surface temperature.
    pub inputs: [Raster; 2],
    /// The coarse input of each output, interpolated bilinearly: the baseline.
    pub bilinear: Vec<Raster>,
    /// What the network is to give, one raster an output.
    pub target: Option<Vec<Raster>>,
    /// What the target is: `SPL3SMAP`, `3 km product`.
    pub target_name: String,
    /// The target is the enhanced product: the same radiometer, interpolated.
    pub interpolated: bool,
    /// Overpass of the brightness temperatures.
    pub overpass: Option<Overpass>,
    /// Files that went in.
    pub files: Vec<String>,
    /// Any of them simulated.
    pub simulated: bool,
}

impl Series {
    /// The TB CNN's sample of a date. `temperatures` are the date's ([`Temperatures::read`], [`Temperatures::simulated`]).
    ///
    /// # Errors
    /// [`StackError::Missing`], [`StackError::NoCoarse`], [`StackError::Elsewhere`], [`StackError::CoarseElsewhere`], or a failed read.
    pub fn tb_sample(&mut self, library: &Library, date: Date, case: TbCase, temperatures: Temperatures) -> Result<TbSample, StackError> {
        match case {
            TbCase::BrightnessTemperature => self.brightness_sample(library, date, temperatures),
            TbCase::SoilMoisture => self.moisture_sample(library, date, temperatures),
        }
    }

    fn brightness_sample(&self, library: &Library, date: Date, temperatures: Temperatures) -> Result<TbSample, StackError> {
        let case = TbCase::BrightnessTemperature;
        let what = "36 km brightness temperature";
        let Some([v, h]) = temperatures.coarse else {
            return Err(StackError::Missing { what, date, dates: dates_with(library, case).0.into_iter().collect() });
        };
        let window = self.region.window().covering(Resolution::M09);
        let laid = |raster: &Raster| unseen(resample::nearest(raster, &window)?);
        let inputs = [laid(&v)?, laid(&h)?];
        if inputs[0].valid_count() == 0 {
            return Err(StackError::Elsewhere { what, date });
        }
        let (target, target_name, interpolated) = match temperatures.fine {
            Some(fine) => (Some(fine.rasters.to_vec()), fine.product, fine.interpolated),
            None => (None, String::new(), false),
        };
        Ok(TbSample {
            case,
            date,
            window,
            bilinear: vec![resample::bilinear(&v, &window)?, resample::bilinear(&h, &window)?],
            inputs,
            target,
            target_name,
            interpolated,
            overpass: temperatures.overpass,
            files: temperatures.files,
            simulated: temperatures.simulated,
        })
    }

    fn moisture_sample(&mut self, library: &Library, date: Date, temperatures: Temperatures) -> Result<TbSample, StackError> {
        let case = TbCase::SoilMoisture;
        let today = self.day(library, date)?;
        let (Some(coarse), Some(native)) = (today.coarse, today.coarse_native) else {
            let dates = self.covers().iter().filter(|(_, c)| c.coarse.is_some()).map(|(d, _)| *d).collect();
            return Err(StackError::NoCoarse { date, dates });
        };
        if coarse.valid_count() == 0 {
            return Err(StackError::CoarseElsewhere { date });
        }
        let what = "land surface temperature";
        let Some(surface) = temperatures.surface else {
            return Err(StackError::Missing { what, date, dates: dates_with(library, case).0.into_iter().collect() });
        };
        let both = coarse.reasons().iter().zip(surface.reasons()).any(|(c, s)| (*c, *s) == (Reason::Valid, Reason::Valid));
        if !both {
            return Err(StackError::Elsewhere { what, date });
        }
        let window = self.region.window();
        let mut files = today.files;
        files.extend(temperatures.files);
        files.sort();
        files.dedup();
        let target = today.fine.filter(|f| f.origin == FineOrigin::Product).map(|f| vec![f.raster]);
        Ok(TbSample {
            case,
            date,
            window,
            bilinear: vec![resample::bilinear(&native, &window)?],
            inputs: [coarse, surface],
            target,
            target_name: "3 km product".to_owned(),
            interpolated: false,
            overpass: None,
            files,
            simulated: today.simulated || temperatures.simulated,
        })
    }
}

/// "Outside the file" and "not observed" in the map's words.
fn unseen(raster: Raster) -> Result<Raster, GridError> {
    let (grid, values, mut reasons) = raster.into_parts();
    reasons.iter_mut().filter(|r| matches!(r, Reason::NotObserved | Reason::OutsideFile)).for_each(|r| *r = Reason::NoSmap);
    Raster::new(grid, values, reasons)
}

impl TbSample {
    /// Why a cell of the estimate has no value: either input's reason. A cell without land surface temperature is masked, not guessed.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        let [first, second] = &self.inputs;
        first.reasons().iter().zip(second.reasons()).map(|(a, b)| if *a == Reason::Valid { *b } else { *a }).collect()
    }

    /// Both inputs one after the other, in their units, gaps filled with the nearest valid cell: a convolution cannot skip pixels.
    #[must_use]
    pub fn planes(&self) -> Vec<f32> {
        let mut planes = Vec::with_capacity(2 * self.window.len());
        for input in &self.inputs {
            let mut plane = input.values().to_vec();
            nearest_valid(&mut plane, self.window.columns);
            planes.extend(plane);
        }
        planes
    }

    /// The network's output as rasters, masked where an input is.
    ///
    /// # Errors
    /// [`GridError::WrongLength`] where the output does not fill the window.
    pub fn masked_output(&self, output: &[f32]) -> Result<Vec<Raster>, GridError> {
        let reasons = self.reasons();
        output.chunks(self.window.len()).map(|plane| Raster::new(self.window.grid(), plane.to_vec(), reasons.clone())).collect()
    }

    /// The coarse input of each output, as is.
    #[must_use]
    pub fn coarse(&self) -> &[Raster] {
        self.inputs.get(..self.case.outputs()).unwrap_or_default()
    }

    /// 1 where target, both inputs and the bilinear baseline have a value, else 0; one plane an output.
    #[must_use]
    pub fn mask(&self) -> Vec<f32> {
        let reasons = self.reasons();
        let Some(target) = &self.target else { return vec![0.0; self.case.outputs() * self.window.len()] };
        let valid = |r: &Reason| *r == Reason::Valid;
        let planes = target.iter().zip(&self.bilinear);
        planes
            .flat_map(|(t, b)| t.reasons().iter().zip(b.reasons()).zip(&reasons))
            .map(|((t, b), own)| if valid(t) && valid(b) && valid(own) { 1.0 } else { 0.0 })
            .collect()
    }
}
