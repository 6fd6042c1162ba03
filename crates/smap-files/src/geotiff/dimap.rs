//! SNAP's own tag (65000): its band names and units, which stand nowhere else in its GeoTIFFs.

use tiff_reader::Ifd;

const TAG_DIMAP: u16 = 65000;

/// What SNAP says of one band.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Band {
    pub(super) name: String,
    pub(super) unit: Option<String>,
    pub(super) nodata: Option<f64>,
    /// Factor and offset, where they are not 1 and 0.
    pub(super) scale: Option<(f64, f64)>,
}

/// The bands in their order; empty where there is no such tag.
pub(super) fn bands(ifd: &Ifd) -> Vec<Band> {
    let Some(tag) = ifd.tag(TAG_DIMAP) else { return Vec::new() };
    let text = match tag.value.as_str() {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(tag.value.as_bytes().unwrap_or_default()).into_owned(),
    };
    parse(&text)
}

fn parse(xml: &str) -> Vec<Band> {
    let mut found: Vec<(usize, Band)> = Vec::new();
    for (order, part) in xml.split("<Spectral_Band_Info>").skip(1).enumerate() {
        let part = part.split("</Spectral_Band_Info>").next().unwrap_or(part);
        let Some(name) = element(part, "BAND_NAME") else { continue };
        let number = |name: &str| element(part, name).and_then(|text| text.parse::<f64>().ok());
        let used = element(part, "NO_DATA_VALUE_USED").is_some_and(|t| t.eq_ignore_ascii_case("true"));
        let linear = (number("SCALING_FACTOR").unwrap_or(1.0), number("SCALING_OFFSET").unwrap_or(0.0));
        let band = Band {
            name: name.to_owned(),
            unit: element(part, "PHYSICAL_UNIT").filter(|u| !u.is_empty()).map(str::to_owned),
            nodata: if used { number("NO_DATA_VALUE") } else { None },
            scale: (linear != (1.0, 0.0)).then_some(linear),
        };
        let index = element(part, "BAND_INDEX").and_then(|t| t.parse().ok()).unwrap_or(order);
        found.push((index, band));
    }
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, band)| band).collect()
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_read_in_their_order() {
        let xml = "<Dimap_Document><Spectral_Band_Info><BAND_INDEX>1</BAND_INDEX><BAND_NAME>Sigma0_VV</BAND_NAME><PHYSICAL_UNIT>intensity\
                   </PHYSICAL_UNIT><NO_DATA_VALUE_USED>true</NO_DATA_VALUE_USED><NO_DATA_VALUE>0.0</NO_DATA_VALUE></Spectral_Band_Info>\
                   <Spectral_Band_Info><BAND_INDEX>0</BAND_INDEX><BAND_NAME>Sigma0_VH</BAND_NAME><SCALING_FACTOR>0.5</SCALING_FACTOR>\
                   </Spectral_Band_Info></Dimap_Document>";
        let bands = parse(xml);
        assert_eq!(bands.iter().map(|b| b.name.as_str()).collect::<Vec<_>>(), ["Sigma0_VH", "Sigma0_VV"]);
        assert_eq!(
            (bands[1].unit.as_deref(), bands[1].nodata, bands[0].scale),
            (Some("intensity"), Some(0.0), Some((0.5, 0.0)))
        );
        assert!(parse("<Spectral_Band_Info>").is_empty());
    }
}
