//! What GDAL keeps of a TIFF in `x.tif.aux.xml` beside it (persistent auxiliary metadata): no-data values, scales, offsets, units and names of
//! bands, attributes of a NetCDF file that it was made of, coordinate system and place (what ArcGIS' "Define Projection" writes). Where both say
//! something, this counts before the TIFF's own tags, as in GDAL.
//! Most of these files hold statistics alone, which say nothing that counts.

/// Bytes read at most: what counts stands in a few thousand, histograms and tables of attributes in more.
pub(crate) const LONGEST: u64 = 16 << 20;
/// Attributes of bands and of files that decide about values, dates or what a layer is.
const ATTRIBUTES: [&str; 12] = [
    "long_name",
    "standard_name",
    "units",
    "scale_factor",
    "add_offset",
    "valid_range",
    "valid_min",
    "valid_max",
    "_fillvalue",
    "missing_value",
    "netcdf_varname",
    "time_coverage_start",
];

/// What counts in such a file.
#[derive(Debug, Default)]
pub(crate) struct Auxiliary {
    bands: Vec<(usize, Band)>,
    /// Band (none of the file), name, text.
    pub(crate) attributes: Vec<(Option<usize>, String, String)>,
    /// Coordinate system, as WKT.
    pub(crate) system: Option<String>,
    /// Place of the upper left corner and what a column and a row add to it: x, dx/column, dx/row, y, dy/column, dy/row.
    pub(crate) transform: Option<[f64; 6]>,
}

/// What GDAL takes for no place at all.
const NOWHERE: [[f64; 6]; 2] = [[0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]];

/// What it says of a band.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Band {
    pub(crate) name: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) scale: Option<f64>,
    pub(crate) offset: Option<f64>,
    pub(crate) nodata: Option<f64>,
}

impl Auxiliary {
    /// `None` for a text that is none of GDAL's, or is cut off.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = without_comments(&String::from_utf8_lossy(bytes));
        let (_, mut rest) = element(&text, "PAMDataset")?.0;
        let mut found = Self::default();
        let mut of_file = String::new();
        while let Some(((attributes, inside), before, after)) = element(rest, "PAMRasterBand") {
            of_file.push_str(before);
            rest = after;
            let number = attribute(attributes, "band").and_then(|n| n.trim().parse::<usize>().ok());
            let Some(band) = number.and_then(|n| n.checked_sub(1)) else { continue };
            let text = |name| {
                element(inside, name).map(|((_, text), ..)| unescape(text.trim())).filter(|t| !t.is_empty())
            };
            let number = |name| text(name).and_then(|text| text.parse::<f64>().ok());
            let said = Band {
                name: text("Description"),
                unit: text("UnitType"),
                scale: number("Scale"),
                offset: number("Offset"),
                nodata: element(inside, "NoDataValue").and_then(|((attributes, text), ..)| {
                    exactly(attributes).or_else(|| text.trim().parse().ok())
                }),
            };
            if said != Band::default() {
                found.bands.push((band, said));
            }
            found.add_attributes(Some(band), inside);
        }
        of_file.push_str(rest);
        found.add_attributes(None, &of_file);
        let text = |name| element(&of_file, name).map(|((_, text), ..)| unescape(text.trim()));
        found.system = text("SRS").filter(|text| !text.is_empty());
        found.transform = text("GeoTransform").and_then(|text| {
            let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
            let six: [f64; 6] = numbers?.try_into().ok()?;
            (six.iter().all(|n| n.is_finite()) && !NOWHERE.contains(&six)).then_some(six)
        });
        Some(found)
    }

    fn add_attributes(&mut self, band: Option<usize>, inside: &str) {
        let mut rest = inside;
        while let Some(((attributes, inside), _, after)) = element(rest, "Metadata") {
            rest = after;
            if attribute(attributes, "domain").is_some_and(|domain| !domain.is_empty()) {
                continue;
            }
            let mut items = inside;
            while let Some(((attributes, text), _, after)) = element(items, "MDI") {
                items = after;
                let Some(name) = attribute(attributes, "key").map(unescape) else { continue };
                let lower = name.to_ascii_lowercase();
                if ATTRIBUTES.contains(&lower.as_str())
                    || lower.starts_with("netcdf_dim_")
                    || lower.ends_with("#units")
                    || lower.ends_with("#calendar")
                {
                    self.attributes.push((band, name, unescape(text.trim())));
                }
            }
        }
    }

    /// What it says of a band, counted from 0.
    pub(crate) fn band(&self, band: usize) -> Option<&Band> {
        self.bands.iter().find(|(number, _)| *number == band).map(|(_, said)| said)
    }

    /// True where nothing in it counts: statistics, histograms.
    pub(crate) fn is_empty(&self) -> bool {
        self.bands.is_empty()
            && self.attributes.is_empty()
            && self.system.is_none()
            && self.transform.is_none()
    }

    /// Bands that it says something of.
    pub(crate) fn bands(&self) -> impl Iterator<Item = (usize, &Band)> {
        self.bands.iter().map(|(number, band)| (*number, band))
    }
}

/// The first element of a name: ((its attributes, what is inside), the text before it, the text after it). `None` where it does not end.
#[allow(clippy::type_complexity, reason = "three parts of one text")]
fn element<'a>(text: &'a str, name: &str) -> Option<((&'a str, &'a str), &'a str, &'a str)> {
    let open = format!("<{name}");
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(&open)?;
        let inside = text.get(at + open.len()..)?;
        from = at + open.len();
        if !inside.starts_with(['>', '/', ' ', '\t', '\r', '\n']) {
            continue;
        }
        let (attributes, rest) = inside.split_once('>')?;
        if let Some(attributes) = attributes.strip_suffix('/') {
            return Some(((attributes, ""), &text[..at], rest));
        }
        let (inside, after) = rest.split_once(&format!("</{name}>"))?;
        return Some(((attributes, inside), &text[..at], after));
    }
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = attributes.split_once(&format!("{name}="))?;
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    after.get(1..)?.split_once(quote).map(|(value, _)| value)
}

/// The eight bytes of a float64 that GDAL writes beside a number with fewer digits than it has.
fn exactly(attributes: &str) -> Option<f64> {
    let hex = attribute(attributes, "le_hex_equiv").filter(|hex| hex.len() == 16)?;
    u64::from_str_radix(hex, 16).ok().map(|bits| f64::from_bits(bits.swap_bytes()))
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept + rest
}

/// The five predefined entities; `&amp;` last, so that nothing is undone twice.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_found_and_the_rest_is_left() {
        let text = r#"<PAMDataset>
  <!-- <PAMRasterBand band="1"><Scale>7</Scale></PAMRasterBand> -->
  <SRS dataAxisToSRSAxisMapping="2,1">GEOGCS["WGS 84"]</SRS>
  <Metadata><MDI key="time#units">days since 2020-01-01</MDI><MDI key="other">1</MDI></Metadata>
  <Metadata domain="IMAGE_STRUCTURE"><MDI key="units">no</MDI></Metadata>
  <PAMRasterBand band='2'>
    <Description>a &lt;b&gt; &amp;amp; c</Description>
    <NoDataValue le_hex_equiv="000000E0FFFFEFC7">-3.40282346638529E+38</NoDataValue>
    <UnitType>m3/m3</UnitType>
    <Scale>1.0000000000000000E-04</Scale>
    <CategoryNames />
    <Histograms><HistItem><HistMin>0</HistMin></HistItem></Histograms>
    <Metadata><MDI key="STATISTICS_MAXIMUM">1</MDI><MDI key="units">%</MDI></Metadata>
  </PAMRasterBand>
</PAMDataset>"#;
        let found = Auxiliary::parse(text.as_bytes()).unwrap();
        assert_eq!(found.band(0), None);
        let band = found.band(1).unwrap();
        assert_eq!(band.name.as_deref(), Some("a <b> &amp; c"));
        assert_eq!((band.unit.as_deref(), band.scale, band.offset), (Some("m3/m3"), Some(1e-4), None));
        assert_eq!(band.nodata, Some(f64::from(f32::MIN)));
        let attributes: Vec<(Option<usize>, &str)> =
            found.attributes.iter().map(|(band, name, _)| (*band, name.as_str())).collect();
        assert_eq!(attributes, [(Some(1), "units"), (None, "time#units")]);
        assert_eq!((found.system.as_deref(), found.transform), (Some("GEOGCS[\"WGS 84\"]"), None));
    }

    #[test]
    fn a_place_counts_but_for_none_and_nonsense() {
        let place = |numbers: &str| {
            let text = format!("<PAMDataset><GeoTransform>{numbers}</GeoTransform></PAMDataset>");
            let found = Auxiliary::parse(text.as_bytes()).unwrap();
            assert_eq!(found.is_empty(), found.transform.is_none());
            found.transform
        };
        assert_eq!(place(" -9.8e+01, 5.0e-02, 0, 36, 0, -0.05"), Some([-98.0, 0.05, 0.0, 36.0, 0.0, -0.05]));
        for none in ["0, 1, 0, 0, 0, 1", "1, 2, 3", "1, 2, 3, 4, 5, NaN", "1, 2, 3, 4, 5, x", ""] {
            assert_eq!(place(none), None, "{none}");
        }
    }

    #[test]
    fn statistics_count_for_nothing_and_rubbish_is_none() {
        let statistics = "<PAMDataset><PAMRasterBand band=\"1\"><Metadata><MDI key=\"STATISTICS_MEAN\">1</MDI></Metadata>\
                          </PAMRasterBand></PAMDataset>";
        assert!(Auxiliary::parse(statistics.as_bytes()).unwrap().is_empty());
        for length in 0..statistics.len() {
            assert!(Auxiliary::parse(&statistics.as_bytes()[..length]).is_none(), "{length}");
        }
        assert!(Auxiliary::parse(b"<html></html>").is_none());
        assert!(
            Auxiliary::parse("<PAMDataset é><PAMRasterBand></PAMRasterBand></PAMDataset>".as_bytes())
                .unwrap()
                .is_empty()
        );
    }
}
