//! GDAL's two private tags: metadata items as XML (42112) and the nodata value as text (42113). Both are written by many tools with
//! little care, so nothing in them can fail a file: what cannot be understood is left out.

use tiff_reader::Ifd;

use super::open::Image;
use crate::auxiliary::{Auxiliary, unescape};
use crate::catalogue;

/// Tag of GDAL's metadata items.
pub(crate) const TAG_GDAL_METADATA: u16 = 42112;
/// Tag of GDAL's nodata value.
pub(crate) const TAG_GDAL_NODATA: u16 = 42113;

/// One `<Item name=... sample=... role=...>value</Item>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) sample: Option<usize>,
    pub(super) role: Option<String>,
    pub(super) value: String,
}

/// The items of a directory's metadata tag; none where there is no tag.
pub(super) fn items(ifd: &Ifd) -> Vec<Item> {
    ifd.tag(TAG_GDAL_METADATA).and_then(|t| t.value.as_str().map(parse)).unwrap_or_default()
}

/// The items of an image, what is said beside it first.
pub(super) fn all_items(image: &Image) -> Vec<Item> {
    let mut all = image.auxiliary.as_ref().map(items_beside).unwrap_or_default();
    all.extend(items(image.ifd()));
    all
}

/// What is said beside the file, as its own items would say it.
fn items_beside(said: &Auxiliary) -> Vec<Item> {
    let mut items = Vec::new();
    for (band, said) in said.bands() {
        // Who gives one of the two gives both, as in GDAL.
        let packed = said.scale.is_some() || said.offset.is_some();
        let number =
            |value: Option<f64>, otherwise: f64| packed.then(|| value.unwrap_or(otherwise).to_string());
        let roles = [
            ("description", said.name.clone()),
            ("unittype", said.unit.clone()),
            ("scale", number(said.scale, 1.0)),
            ("offset", number(said.offset, 0.0)),
        ];
        items.extend(roles.into_iter().filter_map(|(role, value)| {
            Some(Item {
                name: role.to_uppercase(),
                sample: Some(band),
                role: Some(role.to_owned()),
                value: value?,
            })
        }));
    }
    let attributes = said.attributes.iter();
    items.extend(attributes.map(|(sample, name, value)| Item {
        name: name.clone(),
        sample: *sample,
        role: None,
        value: value.clone(),
    }));
    items
}

/// The nodata value; `None` where the tag is absent or not a number. NaN is a number here.
pub(super) fn nodata(ifd: &Ifd) -> Option<f64> {
    let value = &ifd.tag(TAG_GDAL_NODATA)?.value;
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(value.as_bytes()?).into_owned(),
    };
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).parse().ok()
}

/// The numbers in a text: `{0.02,0.5}`, `7500, 65535`, `-9999`.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    let parts = text.split(|c: char| c == ',' || c == '{' || c == '}' || c.is_whitespace());
    parts.filter_map(|part| part.trim_end_matches(['f', 's', 'b']).parse().ok()).collect()
}

fn parse(xml: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once("<Item") {
        let Some((attributes, after)) = after.split_once('>') else { break };
        if let Some(attributes) = attributes.strip_suffix('/') {
            items.extend(item(attributes, ""));
            rest = after;
            continue;
        }
        let Some((value, after)) = after.split_once("</Item>") else { break };
        items.extend(item(attributes, value));
        rest = after;
    }
    items
}

fn item(attributes: &str, value: &str) -> Option<Item> {
    let attribute = |name: &str| {
        let (_, after) = attributes.split_once(&format!(" {name}=\""))?;
        after.split_once('"').map(|(v, _)| unescape(v))
    };
    Some(Item {
        name: attribute("name")?,
        sample: attribute("sample").and_then(|s| s.parse().ok()),
        role: attribute("role"),
        // GDAL escapes values once for itself and once for XML.
        value: unescape(&unescape(value)),
    })
}

/// What a TIFF says its bands are of, all of them: an item of the file or its description, in a few words.
pub(super) fn description(image: &Image, items: &[Item]) -> Option<String> {
    const NAMES: [&str; 6] = ["long_name", "standard_name", "variable", "parameter", "quantity", "title"];
    const DESCRIPTION: u16 = 270;
    const MOST_WORDS: usize = 6;
    let item = |name: &&str| items.iter().find(|i| i.sample.is_none() && i.name.eq_ignore_ascii_case(name));
    let texts = NAMES.iter().filter_map(item).map(|i| i.value.clone());
    let tag = image.ifd().tag(DESCRIPTION).and_then(|t| t.value.as_str().map(str::to_owned));
    texts.chain(tag).find(|text| {
        let words = catalogue::words(text).len();
        (1..=MOST_WORDS).contains(&words) && catalogue::Quantity::of_layer(text).is_some()
    })
}

/// What a TIFF says about itself, in lower case: software, description, names of metadata items and their values.
pub(super) fn titles(image: &Image, items: &[Item]) -> String {
    const DESCRIPTION: u16 = 270;
    const SOFTWARE: u16 = 305;
    const DIMAP: u16 = 65000;
    let text = |code: u16| image.ifd().tag(code).and_then(|t| t.value.as_str().map(str::to_ascii_lowercase));
    let mut titles: Vec<String> = [DESCRIPTION, SOFTWARE].into_iter().filter_map(text).collect();
    if image.ifd().tag(DIMAP).is_some() {
        titles.push("dimap".to_owned());
    }
    let global = items.iter().filter(|i| i.sample.is_none() && i.value.len() < 500);
    titles.extend(global.map(|i| format!("{}={}", i.name, i.value).to_ascii_lowercase()));
    titles.join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_however_they_are_listed() {
        assert_eq!(numbers("{0.02,0.5}"), [0.02, 0.5]);
        assert_eq!(numbers("7500, 65535"), [7500.0, 65535.0]);
        assert_eq!(numbers("-9999.f"), [-9999.0]);
        assert!(numbers("none").is_empty());
    }

    #[test]
    fn items_are_read_and_rubbish_is_left_out() {
        let xml = "<GDALMetadata>\n  <Item name=\"OVR_RESAMPLING_ALG\">NEAREST</Item>\n  <Item name=\"DESCRIPTION\" sample=\"1\" \
                   role=\"description\">VH</Item>\n<Item name=\"a\">x &lt;&amp;amp; y</Item><Item>no name</Item><Item name=\"cut";
        let found = parse(xml);
        assert_eq!(found.len(), 3);
        assert_eq!(
            (found[1].sample, found[1].role.as_deref(), found[1].value.as_str()),
            (Some(1), Some("description"), "VH")
        );
        assert_eq!(found[2].value, "x <& y");
        assert!(parse("\u{fffd}\u{fffd}|").is_empty());
    }
}
