//! Attributes of a file, a group or an array, whatever the format: text, numbers, and whether they are whole numbers.

use hdf5_reader::Attribute;
use netcdf_reader::{NcAttrValue, NcAttribute};

use crate::arrays::number::{Number, is_whole};

/// The attributes of one object.
#[derive(Clone, Default)]
pub(crate) struct Attributes(Vec<(String, Value)>);

#[derive(Clone)]
enum Value {
    Text(String),
    Numbers { values: Vec<f64>, whole: bool },
}

impl Attributes {
    /// Of an HDF5 object. What can be read neither as text nor as numbers is left out.
    pub fn of_hdf5(attributes: &[Attribute]) -> Self {
        let value = |attribute: &Attribute| {
            let text =
                || attribute.read_string().ok().or_else(|| attribute.read_strings().ok()?.into_iter().next());
            let numbers = || {
                let numbers = attribute.read_1d::<Number>().ok()?;
                let values = numbers.iter().map(|n| n.0).collect();
                Some(Value::Numbers { values, whole: is_whole(&attribute.datatype) })
            };
            text().map(|text| Value::Text(clean(&text))).or_else(numbers)
        };
        Self(attributes.iter().filter_map(|a| Some((a.name.clone(), value(a)?))).collect())
    }

    /// Of a classic NetCDF object.
    pub fn of_netcdf(attributes: &[NcAttribute]) -> Self {
        let value = |attribute: &NcAttribute| match &attribute.value {
            NcAttrValue::UserDefined { .. } => None,
            text @ (NcAttrValue::Chars(_) | NcAttrValue::Strings(_)) => {
                text.as_string().map(|text| Value::Text(clean(&text)))
            }
            numbers => {
                let whole = !matches!(numbers, NcAttrValue::Floats(_) | NcAttrValue::Doubles(_));
                numbers.as_f64_vec().map(|values| Value::Numbers { values, whole })
            }
        };
        Self(attributes.iter().filter_map(|a| Some((a.name.clone(), value(a)?))).collect())
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// An attribute as text, trimmed.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Text(text) => Some(text.clone()),
            Value::Numbers { .. } => None,
        }
    }

    /// An attribute's numbers; empty where it has none. Numbers that stand in text count: some tools write `_FillValue` so.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        match self.get(name) {
            Some(Value::Numbers { values, .. }) => values.clone(),
            Some(Value::Text(text)) => text
                .split([',', ' '])
                .filter(|part| !part.is_empty())
                .map_while(|part| part.trim_end_matches(['f', 's', 'b', 'd']).parse().ok())
                .collect(),
            None => Vec::new(),
        }
    }

    /// An attribute's first number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers(name).first().copied()
    }

    /// True for an attribute of whole numbers.
    pub fn is_whole(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Numbers { whole: true, .. }))
    }

    /// Every text, with its name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name.as_str(), text.as_str())),
            Value::Numbers { .. } => None,
        })
    }
}

fn clean(text: &str) -> String {
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}
