//! What the TB CNN sees of one date (model.md, section 2), and the map it is to give.

use jiff::civil::Date;

use ease_grid::{EaseWindow, Edges, GridError, Raster, Reason, Resolution, resample};
use loam_core::file::FineOrigin;
use loam_core::network::TbCase;
use loam_core::stack::{Library, Series, StackError, Temperatures, dates_with, overpass_words};
use smap_files::Overpass;

/// Input and, where there is one, target of the TB CNN for one date. All rasters lie on [`TbSample::window`].
#[derive(Debug, Clone)]
pub struct TbSample {
    /// Which case.
    pub case: TbCase,
    /// The date.
    pub date: Date,
    /// What the network is given: the cells of the estimate with the margin that both inputs fill. 9 km in case 1, 3 km in case 2.
    pub window: EaseWindow,
    /// Cells of the estimate.
    pub inner: EaseWindow,
    /// Cells around them that the network is to look at, where there are data.
    pub halo: usize,
    /// Both inputs as observed, coarse cells laid on the fine ones: TB V and H, or soil moisture and land surface temperature.
    pub inputs: [Raster; 2],
    /// The coarse input of each output, interpolated bilinearly: the baseline.
    pub bilinear: Vec<Raster>,
    /// What the network is to give, one raster an output.
    pub target: Option<Vec<Raster>>,
    /// The target is a map that Loam made, chosen by hand.
    pub own_target: bool,
    /// What the target is: `SPL3SMAP`, `3 km product`.
    pub target_name: String,
    /// The target is the enhanced product: the same radiometer, interpolated.
    pub interpolated: bool,
    /// Overpass of the brightness temperatures.
    pub overpass: Option<Overpass>,
    /// Which overpass of SMAP went in, and what fills it, in words.
    pub overpass_words: String,
    /// Files that went in.
    pub files: Vec<String>,
    /// Any of them simulated.
    pub simulated: bool,
}

impl TbSample {
    /// The TB CNN's sample of a date. `temperatures` are the date's ([`Temperatures::read`], [`Temperatures::simulated`]). `inner` are the cells
    /// of the estimate, of the case's resolution and inside the series' region; the rest of the region is margin, as far as both inputs fill it.
    ///
    /// # Errors
    /// [`StackError::Missing`], [`StackError::NoCoarse`], [`StackError::Elsewhere`], [`StackError::CoarseElsewhere`], or a failed read.
    pub fn of(
        series: &mut Series,
        library: &Library,
        date: Date,
        case: TbCase,
        temperatures: Temperatures,
        inner: &EaseWindow,
    ) -> Result<Self, StackError> {
        match case {
            TbCase::BrightnessTemperature => Self::of_brightness(series, library, date, temperatures, inner),
            TbCase::SoilMoisture => Self::of_moisture(series, library, date, temperatures, inner),
        }
    }

    fn of_brightness(
        series: &Series,
        library: &Library,
        date: Date,
        temperatures: Temperatures,
        inner: &EaseWindow,
    ) -> Result<Self, StackError> {
        let case = TbCase::BrightnessTemperature;
        let what = "36 km brightness temperature";
        let Some([v, h]) = temperatures.coarse else {
            return Err(StackError::Missing {
                what,
                date,
                dates: dates_with(library, case).0.into_iter().collect(),
            });
        };
        let all = series.region.window().covering(Resolution::M09);
        let laid = [resample::nearest(&v, &all)?, resample::nearest(&h, &all)?];
        if laid[0].cropped(inner)?.valid_count() == 0 {
            return Err(StackError::Elsewhere { what, date });
        }
        let window = filled(&laid, inner);
        let [a, b] = laid;
        let inputs = [unseen(a.cropped(&window)?)?, unseen(b.cropped(&window)?)?];
        let (target, target_name, interpolated) = match temperatures.fine {
            Some(fine) => {
                let rasters =
                    fine.rasters.iter().map(|raster| raster.cropped(&window)).collect::<Result<_, _>>()?;
                (Some(rasters), fine.product, fine.interpolated)
            }
            None => (None, String::new(), false),
        };
        Ok(Self {
            case,
            date,
            window,
            inner: *inner,
            halo: 0,
            bilinear: vec![resample::bilinear(&v, &window)?, resample::bilinear(&h, &window)?],
            inputs,
            target,
            own_target: false,
            target_name,
            interpolated,
            overpass: temperatures.overpass,
            overpass_words: match temperatures.overpass {
                Some(Overpass::Am) => "6 am (descending)",
                Some(Overpass::Pm) => "6 pm (ascending), which saw more of the region",
                None => "the file does not say which overpass",
            }
            .to_owned(),
            files: temperatures.files,
            simulated: temperatures.simulated,
        })
    }

    fn of_moisture(
        series: &mut Series,
        library: &Library,
        date: Date,
        temperatures: Temperatures,
        inner: &EaseWindow,
    ) -> Result<Self, StackError> {
        let case = TbCase::SoilMoisture;
        let today = series.day(library, date)?;
        let Some(native) = temperatures.moisture.or(today.coarse_native) else {
            let dates = series.covers().iter().filter(|(_, c)| c.coarse.is_some()).map(|(d, _)| *d).collect();
            return Err(StackError::NoCoarse { date, dates });
        };
        let coarse = resample::nearest(&native, &series.region.window())?;
        if coarse.cropped(inner)?.valid_count() == 0 {
            return Err(StackError::CoarseElsewhere { date });
        }
        let what = "land surface temperature";
        let Some(surface) = temperatures.surface else {
            return Err(StackError::Missing {
                what,
                date,
                dates: dates_with(library, case).0.into_iter().collect(),
            });
        };
        let window = filled(&[coarse.clone(), surface.clone()], inner);
        let valid =
            |raster: &Raster| raster.reasons().iter().map(|r| *r == Reason::Valid).collect::<Vec<_>>();
        if !valid(&coarse.cropped(inner)?)
            .into_iter()
            .zip(valid(&surface.cropped(inner)?))
            .any(|(c, s)| c && s)
        {
            return Err(StackError::Elsewhere { what, date });
        }
        let mut files = today.files;
        files.extend(temperatures.files);
        files.sort();
        files.dedup();
        let own = today.fine.as_ref().is_some_and(|fine| fine.origin == FineOrigin::OwnMap);
        let target = today
            .fine
            .filter(|f| f.origin != FineOrigin::Disaggregated)
            .map(|f| f.raster.cropped(&window))
            .transpose()?;
        Ok(Self {
            case,
            date,
            window,
            inner: *inner,
            halo: 0,
            bilinear: vec![resample::bilinear(&native, &window)?],
            inputs: [unseen(coarse.cropped(&window)?)?, surface.cropped(&window)?],
            target: target.map(|target| vec![target]),
            own_target: own,
            target_name: if own { "3 km map that Loam made" } else { "3 km product" }.to_owned(),
            interpolated: false,
            overpass: None,
            overpass_words: overpass_words(
                &coarse.cropped(inner)?,
                today.overpass.as_ref().map(|raster| resample::nearest(raster, inner)).transpose()?.as_ref(),
            ),
            files,
            simulated: today.simulated || temperatures.simulated,
        })
    }
}

/// The estimate's cells with as much around them as both inputs fill.
fn filled(inputs: &[Raster; 2], inner: &EaseWindow) -> EaseWindow {
    let [a, b] = inputs.each_ref().map(|input| Edges::all(usize::MAX).filled(input, inner));
    inner.widened(&a.min(b))
}

/// "Outside the file" and "not observed" in the map's words.
fn unseen(raster: Raster) -> Result<Raster, GridError> {
    let (grid, values, mut reasons) = raster.into_parts();
    reasons
        .iter_mut()
        .filter(|r| matches!(r, Reason::NotObserved | Reason::OutsideFile))
        .for_each(|r| *r = Reason::NoSmap);
    Raster::new(grid, values, reasons)
}

impl TbSample {
    /// The margin around the cells of the estimate.
    #[must_use]
    pub fn margin(&self) -> Edges {
        Edges::between(&self.inner, &self.window)
    }

    /// The sample with another margin, or none: `window` lies around [`TbSample::inner`].
    ///
    /// # Errors
    /// Those of the rasters.
    pub fn on(self, window: &EaseWindow) -> Result<Self, GridError> {
        let crop = |raster: &Raster| raster.cropped(window);
        let all = |rasters: &[Raster]| rasters.iter().map(crop).collect::<Result<Vec<_>, _>>();
        let inputs = [crop(&self.inputs[0])?, crop(&self.inputs[1])?];
        let (bilinear, target) = (all(&self.bilinear)?, self.target.as_deref().map(all).transpose()?);
        Ok(Self { window: *window, inputs, bilinear, target, ..self })
    }

    /// Why a cell of the estimate has no value: either input's reason. A cell without land surface temperature is masked, not guessed.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        let [first, second] = &self.inputs;
        first
            .reasons()
            .iter()
            .zip(second.reasons())
            .map(|(a, b)| if *a == Reason::Valid { *b } else { *a })
            .collect()
    }

    /// Both inputs one after the other, in their units, gaps filled with the nearest valid cell: a convolution cannot skip pixels.
    #[must_use]
    pub fn planes(&self) -> Vec<f32> {
        let mut planes = Vec::with_capacity(2 * self.window.len());
        for input in &self.inputs {
            let mut plane = input.values().to_vec();
            ease_grid::nearest_valid(&mut plane, self.window.columns);
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
        output
            .chunks(self.window.len())
            .map(|plane| Raster::new(self.window.grid(), plane.to_vec(), reasons.clone()))
            .collect()
    }

    /// The coarse input of each output, as is.
    #[must_use]
    pub fn coarse(&self) -> &[Raster] {
        self.inputs.get(..self.case.outputs()).unwrap_or_default()
    }

    /// 1 where target, both inputs and the bilinear baseline have a value, else 0, and 0 in the margin; one plane an output.
    #[must_use]
    pub fn mask(&self) -> Vec<f32> {
        let mut reasons = self.reasons();
        let (columns, rows) = (self.window.columns, self.window.rows);
        // Cells that see the end of the data count no more than the margin.
        let (margin, frame) = (self.margin(), self.margin().missing(self.halo));
        let margin = Edges {
            west: margin.west + frame.west,
            north: margin.north + frame.north,
            east: margin.east + frame.east,
            south: margin.south + frame.south,
        };
        for (at, reason) in reasons.iter_mut().enumerate() {
            if margin.hold(columns, rows, at % columns, at / columns) {
                *reason = Reason::OutsideFile;
            }
        }
        let Some(target) = &self.target else { return vec![0.0; self.case.outputs() * self.window.len()] };
        let valid = |r: &Reason| *r == Reason::Valid;
        let planes = target.iter().zip(&self.bilinear);
        planes
            .flat_map(|(t, b)| t.reasons().iter().zip(b.reasons()).zip(&reasons))
            .map(|((t, b), own)| if valid(t) && valid(b) && valid(own) { 1.0 } else { 0.0 })
            .collect()
    }
}
