//! The table of sources: one entry for each kind of file that people have.

use super::quantity::words;

/// What is known of a file before its layers are looked at.
pub(crate) struct Facts<'a> {
    /// Its name.
    pub(crate) file: &'a str,
    /// Its own words about itself: titles, institutions, software, product types; in lower case.
    pub(crate) titles: String,
    /// Names of its layers.
    pub(crate) layers: Vec<&'a str>,
}

impl Facts<'_> {
    fn lower(&self) -> String {
        self.file.to_ascii_lowercase()
    }

    fn says(&self, text: &str) -> bool {
        self.titles.contains(text)
    }
}

/// What a source's soil moisture is, where its files do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moisture {
    /// m3/m3.
    Volumetric,
    /// Another quantity: said in these words, not used.
    Other(&'static str),
    /// The file must say it.
    AsDeclared,
}

/// Whose a source's soil moisture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// SMAP's.
    Smap,
    /// Another product's.
    Others,
    /// A service's or a program's, which has all kinds.
    Unsaid,
}

/// What a source's backscatter is, where its files do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backscatter {
    /// Linear power.
    Power,
    /// Told from the name's code or the values.
    AsFound,
}

/// One kind of file that people have.
pub struct Source {
    /// Shown in the file list.
    pub name: &'static str,
    /// The forms it comes in, with examples of names.
    pub forms: &'static str,
    /// What Loam uses it as, or why it does not.
    pub role: &'static str,
    /// How units, packing and dates are known.
    pub values: &'static str,
    /// What is no value.
    pub no_value: &'static str,
    /// Layers that are not used.
    pub not_used: &'static str,
    /// Whether a file is of this kind.
    pub(crate) matches: fn(&Facts<'_>) -> bool,
    /// The layer's part of a one-layer file's name.
    pub(crate) layer: fn(&str) -> Option<String>,
    /// What its soil moisture is.
    pub(crate) moisture: Moisture,
    /// Whose it is.
    pub(crate) whose: Whose,
    /// What its backscatter is.
    pub(crate) backscatter: Backscatter,
}

/// `PRODUCT.006_LAYER_doy2020155000000_aid0001.tif`: the layer.
fn appeears_layer(file: &str) -> Option<String> {
    let doy = file.rfind("_doy")?;
    let (_, after) = file.get(..doy)?.split_once('_')?;
    Some(after.to_owned())
}

/// Names of the groups of SMAP's products, in front of the layer in flattened names.
const GROUPS: [&str; 9] = [
    "Soil_Moisture_Retrieval_Data",
    "Freeze_Thaw_Retrieval_Data",
    "Geophysical_Data",
    "Analysis_Data",
    "Forecast_Data",
    "Observations_Data",
    "Land-Model-Constants_Data",
    "Land_Model_Constants_Data",
    "Brightness_Temperature",
];
/// What may follow a group's name.
const GROUP_TAILS: [&str; 9] =
    ["_Polar_AM", "_Polar_PM", "_Global_AM", "_Global_PM", "_Global", "_AM", "_PM", "_3km", "_1km"];

/// Group and layer of a flattened name: `Soil_Moisture_Retrieval_Data_AM_soil_moisture` gives `Soil_Moisture_Retrieval_Data_AM` and
/// `soil_moisture`. Services write it so (OPeNDAP, AppEEARS, Harmony).
pub(crate) fn flattened(name: &str) -> Option<(&str, &str)> {
    let (at, group) = GROUPS.iter().find_map(|g| Some((name.find(g)?, *g)))?;
    let mut end = at + group.len();
    if let Some(tail) = GROUP_TAILS.iter().find(|t| name.get(end..).is_some_and(|rest| rest.starts_with(**t)))
    {
        end += tail.len();
    }
    let layer = name.get(end..)?.trim_start_matches(['_', '/', '.']);
    (!layer.is_empty()).then_some((name.get(at..end)?, layer))
}

/// Words behind a SMAP file's own name that say nothing of its layer: programs, places of cells, overpasses, what was done.
#[rustfmt::skip]
const NO_LAYER: &[&str] = &[
    "hegout", "am", "pm", "global", "polar", "copy", "subset", "subsetted", "sub", "clip", "clipped", "crop", "cropped", "cut", "aoi", "roi",
    "study", "area", "region", "bbox", "merged", "mosaic", "regridded", "regrid", "resampled", "reprojected", "reproject", "projected",
    "warp", "warped", "translated", "converted", "export", "exported", "output", "out", "final", "new", "geo", "geotiff", "tif", "tiff",
    "cog", "utm", "wgs", "ease", "epsg", "latlon", "lonlat", "km", "band", "north", "south", "data", "map", "grid", "gridded", "raster",
    "reformatted", "harmony", "processed", "preprocessed", "packed", "unpacked", "scaled", "unscaled", "compressed", "deflate", "lzw", "zstd",
    "lerc", "tiled", "striped", "masked", "unmasked", "nodata", "filled", "arcgis", "esri", "qgis", "gdal", "snap", "rio", "rioxarray", "xarray",
    "float", "int", "uint", "double", "degrees", "test", "sample", "example", "tile", "part", "nearest", "bilinear", "cubic",
];

/// The layer of `SMAP_..._Soil_Moisture_Retrieval_Data_AM_albedo_5b1f9c02.tif` and of `SMAP_L3_SM_P_20200603_R18290_001_albedo.tif`. The
/// name of the product, `L3_SM_P`, stands before each of its layers, so that it says nothing of one.
fn smap_layer(file: &str) -> Option<String> {
    let stem = file.split('.').next().unwrap_or(file);
    if let Some((_, layer)) = flattened(file.rsplit_once('.').map_or(file, |(stem, _)| stem)) {
        return Some(layer.to_owned());
    }
    let (_, rest) = stem.split_once("SMAP_L")?;
    let numbered = |run: &&str| run.bytes().any(|b| b.is_ascii_digit());
    // What follows the product's name: dates, versions, counters and hashes hold digits, layers' words hardly do.
    let runs: Vec<&str> = rest.split(['_', '-', ' ', '(', ')']).collect();
    let named = runs.iter().skip(1).position(numbered)? + 1;
    let words: Vec<&str> =
        runs[named..].iter().filter(|run| !numbered(run) && run.len() > 1).copied().collect();
    let telling = words.iter().any(|word| !NO_LAYER.contains(&word.to_ascii_lowercase().as_str()));
    telling.then(|| words.join("_"))
}

/// `..._S1A_30_v1.0_VV.tif`, `..._v1.0_local_incidence_angle.tif`: what follows OPERA's version.
fn opera_layer(file: &str) -> Option<String> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let (_, after) = stem.rsplit_once("_v")?;
    let (version, layer) = after.split_once('_')?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| layer.to_owned())
}

/// `..._5A1C_inc_map.tif`: what follows the four signs that name a HyP3 job.
fn hyp3_layer(file: &str) -> Option<String> {
    let stem = file.split('.').next()?;
    let parts: Vec<&str> = stem.split('_').collect();
    let rtc = parts.iter().position(|p| p.starts_with("RTC"))?;
    (parts.len() > rtc + 4).then(|| parts[rtc + 4..].join("_"))
}

fn no_layer(_: &str) -> Option<String> {
    None
}

fn first_is_sentinel1(file: &str) -> bool {
    words(file)
        .first()
        .is_some_and(|w| matches!(w.as_str(), "s1" | "s1a" | "s1b" | "s1c" | "s1d" | "sentinel1"))
}

/// A tile of Sentinel-2's grid: `33nwb`.
fn is_tile(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    word.len() == 5 && digits == 2 && word.bytes().skip(2).all(|b| b.is_ascii_lowercase())
}

/// HyP3's processing code, six letters: radiometry g/s, scale p/a/d, masking, filter, area, e.g. `gpuned`.
fn is_hyp3(file: &str) -> bool {
    let parts: Vec<&str> = file.split(['_', '.']).collect();
    first_is_sentinel1(file) && parts.iter().any(|p| p.len() > 3 && p.starts_with("RTC"))
}

/// The words "AsDeclared" and "AsFound" stand for most sources.
const PLAIN: Source = Source {
    name: "",
    forms: "",
    role: "",
    values: "",
    no_value: "",
    not_used: "",
    matches: |_| false,
    layer: no_layer,
    moisture: Moisture::AsDeclared,
    whose: Whose::Unsaid,
    backscatter: Backscatter::AsFound,
};

/// Every source, the first that matches counts.
pub static SOURCES: &[Source] = &[
    Source {
        name: "Loam",
        forms: "GeoTIFF of an estimate, NetCDF of a season; beside the estimate `half_width_90` where the method says how sure it is, and `quality_flag`",
        role: "none, unless you choose it by hand",
        values: "as written; `half_width_90` is half the width of the estimate's 90 % interval, never soil moisture; `quality_flag` says why a cell has no value",
        no_value: "-9999",
        not_used: "everything",
        matches: |f| f.says("loam_kind=") || f.says("loam_product="),
        ..PLAIN
    },
    Source {
        name: "AppEEARS",
        forms: "GeoTIFF per layer and day (`SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_soil_moisture_doy2020155000000_aid0001.tif`); \
                NetCDF of many days (`SPL3SMP_E.006_9km_aid0001.nc`)",
        role: "soil moisture: coarse input; MODIS and VIIRS temperature: land surface temperature",
        values: "layer, overpass and day from the name or the time axis; m3/m3; packing as declared, MODIS 0.02 K a step",
        no_value: "-9999, declared fill, 0 of temperatures; flags screen by the rule, in the same file or as a GeoTIFF of their own (`..._retrieval_qual_flag_...`)",
        not_used: "albedo, water fraction, opacity, flags alone and every other layer",
        matches: |f| {
            let lower = f.lower();
            (lower.contains("_doy") && lower.contains("_aid0"))
                || f.says("appeears")
                || (lower.contains("_aid0") && lower.ends_with(".nc"))
        },
        layer: appeears_layer,
        moisture: Moisture::Volumetric,
        whose: Whose::Smap,
        ..PLAIN
    },
    Source {
        name: "NISAR L3 SME2",
        forms: "HDF5 (`NISAR_L3_PR_SME2_..._001.h5`), 200 m",
        role: "3 km map: mean of the 200 m cells of a 3 km cell where at least half are valid. Provisional, not yet fully calibrated",
        values: "m3/m3; day from `zeroDopplerStartTime`, else from the name; the file's own coordinates are checked against the EASE-Grid; `soilMoistureUncertainty` goes along: its mean over the same cells, the standard error of a mean whose cells err together",
        no_value: "-9999; bit 0 of `retrievalQualityFlag` (not recommended)",
        not_used: "the companions `_QA_STATS.h5` (statistics, no map) and `_BROWSE`",
        matches: |f| f.file.starts_with("NISAR_L3") || (f.says("nisar") && f.says("sme2")),
        moisture: Moisture::Volumetric,
        ..PLAIN
    },
    Source {
        name: "NASA-USDA",
        forms: "Earth Engine exports of `NASA_USDA/HSL/SMAP10KM_soil_moisture`",
        role: "not used",
        values: "ssm and susm in mm, smp a share, ssma and susma anomalies",
        no_value: "as declared",
        not_used: "everything",
        matches: |f| {
            let lower = f.lower();
            lower.contains("nasa_usda") || lower.contains("smap10km")
        },
        moisture: Moisture::Other("NASA-USDA gives soil moisture in millimetres of water (mm), not in m3/m3"),
        ..PLAIN
    },
    Source {
        name: "ASF HyP3",
        forms: "folders of RTC and gamma0 (`S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_VV.tif`)",
        role: "backscatter VV and VH",
        values: "gamma0 or sigma0; power, amplitude or dB by the name's code (gpuned: p, a, d)",
        no_value: "0, declared nodata",
        not_used: "inc_map (incidence angle), dem, area, ls_map (layover and shadow), rgb",
        matches: |f| is_hyp3(f.file),
        layer: hyp3_layer,
        ..PLAIN
    },
    Source {
        name: "OPERA RTC-S1",
        forms: "`OPERA_L2_RTC-S1_T028-059007-IW1_20231004T..._VV.tif`",
        role: "backscatter VV and VH",
        values: "gamma0, linear power",
        no_value: "NaN, 0",
        not_used: "_mask, static layers (angles, number of looks, area factors)",
        matches: |f| f.file.starts_with("OPERA_L2_RTC"),
        layer: opera_layer,
        backscatter: Backscatter::Power,
        ..PLAIN
    },
    Source {
        name: "Planetary Computer RTC",
        forms: "`iw-vv.rtc.tiff`",
        role: "backscatter VV and VH",
        values: "gamma0, linear power; the day is not in the name, so that it must be entered",
        no_value: "0, declared nodata (-32768)",
        not_used: "-",
        matches: |f| f.lower().contains(".rtc.tif"),
        backscatter: Backscatter::Power,
        ..PLAIN
    },
    Source {
        name: "S1Tiling",
        forms: "`s1a_33NWB_vv_DES_007_20200108txxxxxx.tif`",
        role: "backscatter VV and VH",
        values: "sigma0 or gamma0, linear power",
        no_value: "0",
        not_used: "_BorderMask, LIA and sin_LIA (incidence angle)",
        matches: |f| {
            let words = words(f.file);
            words.iter().any(|w| w == "lia")
                || (first_is_sentinel1(f.file) && words.get(1).is_some_and(|w| is_tile(w)))
        },
        backscatter: Backscatter::Power,
        ..PLAIN
    },
    Source {
        name: "Copernicus Browser",
        forms: "`2020-06-03-00_00_2020-06-03-23_59_Sentinel-1_IW_VV+VH_VV_-_linear_gamma0.tiff`",
        role: "backscatter VV and VH where the values are floats",
        values: "dB or linear by the name",
        no_value: "0",
        not_used: "8-bit downloads, whose values are stretched for display",
        matches: |f| f.lower().contains("_sentinel-1_"),
        ..PLAIN
    },
    Source {
        name: "SNAP",
        forms: "GeoTIFF with SNAP's own tag, which names the bands (`..._Orb_NR_Cal_TC.tif`); NetCDF",
        role: "backscatter VV and VH",
        values: "sigma0 or gamma0; linear or dB by the band's unit and name",
        no_value: "the tag's no-data value, 0",
        not_used: "angles, heights, coherence and interferograms",
        matches: |f| f.says("dimap"),
        ..PLAIN
    },
    Source {
        name: "Earth Engine",
        forms: "exports of `NASA/SMAP/SPL3SMP_E`, `NASA/SMAP/SPL4SMGP`, `COPERNICUS/S1_GRD`, MODIS; stacks by `toBands`",
        role: "coarse input, backscatter, land surface temperature by the bands' names",
        values: "each band has its day and overpass in its name; soil moisture m3/m3; S1_GRD dB; cells of 9000 m are placed by their coordinates",
        no_value: "NaN, declared nodata; 0 of backscatter in linear power, 0.0 dB where other values are negative",
        not_used: "angle, flags alone, root zone, albedo",
        matches: |f| {
            let bands = |names: &[&str]| {
                f.layers.iter().any(|l| names.iter().any(|n| l.to_ascii_lowercase().ends_with(n)))
            };
            let lower = f.lower();
            lower.contains("s1_grd")
                || bands(&["soil_moisture_am", "soil_moisture_pm", "sm_surface", "sm_surface_wetness"])
                || (f.layers.iter().any(|l| l.contains("S1") && l.contains("_GRD")) && bands(&["vv", "vh"]))
        },
        moisture: Moisture::Volumetric,
        ..PLAIN
    },
    Source {
        name: "ESA CCI",
        forms: "`ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20200603000000-fv06.1.nc`, C3S alike, 0.25 degrees",
        role: "coarse input under its own name; the shipped weights learnt from SMAP, which is said",
        values: "m3/m3 (COMBINED, PASSIVE); ACTIVE is in percent of saturation and not used",
        no_value: "-9999, declared range",
        not_used: "sm_uncertainty, flag, mode, sensor, t0",
        matches: |f| {
            f.lower().starts_with("esacci-soilmoisture")
                || f.lower().starts_with("c3s-soilmoisture")
                || f.says("cci surface soil moisture")
                || f.says("cci soil moisture")
        },
        whose: Whose::Others,
        ..PLAIN
    },
    Source {
        name: "Copernicus SSM or SWI",
        forms: "`c_gls_SSM1km_202006030000_CEURO_S1CSAR_V1.1.1.nc`",
        role: "not used",
        values: "percent of saturation",
        no_value: "flags above 200",
        not_used: "everything",
        matches: |f| {
            f.lower().starts_with("c_gls_ssm")
                || f.lower().starts_with("c_gls_swi")
                || f.says("surface soil moisture 1km")
        },
        moisture: Moisture::Other("Copernicus SSM and SWI are percent of saturation, not m3/m3"),
        ..PLAIN
    },
    Source {
        name: "ASCAT",
        forms: "H SAF and EUMETSAT NetCDF",
        role: "not used",
        values: "percent of saturation",
        no_value: "as declared",
        not_used: "everything",
        matches: |f| f.lower().contains("ascat") || f.says("ascat") || f.says("h saf") || f.says("hsaf"),
        moisture: Moisture::Other("ASCAT's soil moisture is percent of saturation, not m3/m3"),
        ..PLAIN
    },
    Source {
        name: "SMOS",
        forms: "CATDS and BEC L3 NetCDF",
        role: "coarse input under its own name; the shipped weights learnt from SMAP, which is said",
        values: "m3/m3, packing as declared",
        no_value: "declared fill",
        not_used: "uncertainty, optical thickness, counts",
        matches: |f| {
            f.lower().starts_with("sm_") && f.lower().contains("mir_")
                || f.says("smos")
                || f.lower().contains("smos")
        },
        whose: Whose::Others,
        ..PLAIN
    },
    Source {
        name: "ERA5-Land",
        forms: "NetCDF with `swvl1`, hours of a day",
        role: "coarse input under its own name (the first hour of each day); the shipped weights learnt from SMAP, which is said",
        values: "m3/m3",
        no_value: "declared fill",
        not_used: "swvl2 to swvl4 (below the surface), temperatures",
        matches: |f| f.layers.iter().any(|l| l.contains("swvl1")) || f.says("era5"),
        whose: Whose::Others,
        ..PLAIN
    },
    Source {
        name: "MODIS or VIIRS",
        forms: "`MOD11A1`, `MYD11A1`, `VNP21A1` as GeoTIFF or NetCDF in degrees",
        role: "land surface temperature",
        values: "K; whole numbers without a declared scale are steps of 0.02 K",
        no_value: "0, declared fill",
        not_used: "QC, angles, times, emissivities; HDF4 on sinusoidal tiles",
        matches: |f| {
            let lower = f.lower();
            ["mod11", "myd11", "mod21", "myd21", "vnp21", "vj121"].iter().any(|p| lower.starts_with(p))
        },
        ..PLAIN
    },
    Source {
        name: "NSIDC",
        forms: "SPL3SMP, SPL3SMP_E, SPL2SMP, SPL2SMP_E, SPL2SMAP_S, SPL3SMAP, SPL2SMAP, SPL4SM*: granules, Harmony and OPeNDAP subsets \
                (flattened names), files saved again by xarray, NCO or GDAL; GeoTIFF per layer (HEG, Harmony)",
        role: "coarse input; SPL2SMAP_S: 3 km map and backscatter",
        values: "m3/m3, K, linear power; packing as declared; day, overpass and version from the metadata, else from the name",
        no_value: "declared fill, -9999, 254, 65534, 4294967294; retrieval quality flag by the rule; valid range",
        not_used: "every layer but soil moisture, brightness temperature and SPL2SMAP_S' backscatter; a GeoTIFF's layer is what follows the product's name",
        matches: |f| {
            let lower = f.lower();
            lower.contains("smap_l") || lower.starts_with("spl") || f.says("smap")
        },
        layer: smap_layer,
        moisture: Moisture::Volumetric,
        whose: Whose::Smap,
        ..PLAIN
    },
    Source {
        name: "SMAP export",
        forms: "any other file whose name says SMAP",
        role: "coarse input or 3 km map by the size of its cells; coarse where its name says a product of 36 or 9 km",
        values: "m3/m3 where no unit is declared; packing as declared; day and overpass from the name, or from the times: near 6 and 18 h they are the overpasses",
        no_value: "declared nodata, NaN, -9999, the file's own mask",
        not_used: "layers that are not named as soil moisture",
        matches: |f| f.lower().contains("smap"),
        moisture: Moisture::Volumetric,
        whose: Whose::Smap,
        ..PLAIN
    },
    Source {
        name: "Sentinel-1",
        forms: "any other GeoTIFF, or NetCDF with x, y and time, whose name or layers say VV or VH (pyroSAR, gdal, openEO, xarray, own processing)",
        role: "backscatter VV and VH",
        values: "dB or linear by the name or unit, else by the sign of the values; whole numbers need a declared scale; several times of a day are scenes side by side",
        no_value: "declared nodata, 0 of linear power, 0.0 dB where other values are negative, tiles never written",
        not_used: "HH, HV, beta0, noise, angles, masks, interferograms, other radars; raw GRD and SLC are refused",
        matches: |f| first_is_sentinel1(f.file),
        ..PLAIN
    },
];
