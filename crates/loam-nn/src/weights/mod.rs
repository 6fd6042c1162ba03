//! Weights as plain values and as a file (`model.md`, "Weights on disk").
//!
//! PyTorch names and shapes, little-endian float32, so that a file made here loads in PyTorch (`load_state_dict`) and the other way
//! round.

pub(crate) mod archive;
mod pickle;
pub(crate) mod precision;
pub(crate) mod pytorch;
pub(crate) mod stored;
pub(crate) mod tensors;
mod zip;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use sha2::{Digest, Sha256};

use crate::error::{shortened, unreadable};
use crate::networks::smen::schema::schema;
use crate::{HISTORY, Mismatch, ModelError, Random, rounded};
pub use archive::Archive;
use loam_core::iso_date;
use loam_core::network::Inputs;
use loam_core::weights_report::WeightsReport;
use stored::{Contents, Number, Stored};

/// Metadata key of the network's name; its value is `smen`.
pub const MODEL: &str = "model";
/// Metadata key of [`Inputs`].
pub const INPUTS: &str = "inputs";
/// Metadata key of k.
pub const HISTORY_KEY: &str = "history";
/// Metadata key of what the weights were trained on, in words. `simulated` in it marks simulated scenes.
pub const TRAINED_ON: &str = "trained_on";
/// Metadata key of the last date they were trained on.
pub const TRAINED_UNTIL: &str = "trained_until";
/// Metadata key of how many significant bits the tensors were rounded to, in words; absent where they are whole float32.
pub const PRECISION: &str = "precision";
/// Metadata key of where weights came from that were not written here, with what was left out or inferred, in words.
pub const SOURCE: &str = "source";
/// Metadata key of the types of number that were converted to float32: `float16`, `bfloat16`, `float64`.
pub const CONVERTED_FROM: &str = "converted_from";

/// First parts of the network's names.
const LAYERS: [&str; 5] = ["f0", "f1", "f2", "g", "h"];
/// Files beyond these are not of this network; a table of their mismatches would help nobody.
const MOST_TENSORS: usize = 10_000;
const LONGEST_NAME: usize = 200;

/// One tensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WeightTensor {
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// Metadata key of [`Weights::margin`].
pub const MARGIN_KEY: &str = "margin_cells";

/// All tensors of a network by their PyTorch names, and the file's metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// By name.
    pub tensors: BTreeMap<String, WeightTensor>,
    /// `model`, `inputs`, `history`, `region`, `trained_on`, `seed`, `epochs`, `app_version`, and whatever else the file says.
    pub metadata: BTreeMap<String, String>,
}

impl Weights {
    /// No tensors yet, metadata for these inputs.
    pub(crate) fn empty(inputs: Inputs) -> Self {
        let metadata = [
            (MODEL, "smen".to_owned()),
            (INPUTS, inputs.name().to_owned()),
            (HISTORY_KEY, HISTORY.to_string()),
        ];
        Self {
            tensors: BTreeMap::new(),
            metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        }
    }

    /// First weights of a seed, as PyTorch makes them: convolutions uniform in +-1/sqrt(fan in), weight and bias alike (Kaiming uniform
    /// with a = sqrt 5), norms 1 and 0, running mean 0 and variance 1. The same bits on every machine.
    pub fn init(inputs: Inputs, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut weights = Self::empty(inputs);
        let mut bound = 0.0;
        for (name, shape, _) in schema(inputs) {
            let length = shape.iter().product();
            let values = match name.rsplit_once('.') {
                Some((layer, part)) if !layer.ends_with(".bn") => {
                    if part == "weight" {
                        let fan_in: usize = shape.iter().skip(1).product();
                        bound = (1.0 / (fan_in as f64).sqrt()) as f32;
                    }
                    (0..length).map(|_| random.symmetric(bound)).collect()
                }
                Some((_, "weight" | "running_var")) => vec![1.0; length],
                _ => vec![0.0; length],
            };
            weights.tensors.insert(name, WeightTensor { shape, values });
        }
        weights.metadata.insert("seed".into(), seed.to_string());
        weights
    }

    /// Which inputs the network uses: the metadata's word, else which tensors are there (no `g.*`: temporal; no `f0.*`, `f1.*`, `f2.*`:
    /// spatial), else both.
    pub fn inputs(&self) -> Inputs {
        let has = |layers: &[&str]| {
            self.tensors.keys().any(|name| layers.iter().any(|layer| name.starts_with(layer)))
        };
        let said = self.metadata.get(INPUTS).and_then(|name| Inputs::from_name(name));
        said.unwrap_or_else(|| match (has(&["g."]), has(&["f0.", "f1.", "f2."])) {
            (true, false) => Inputs::Spatial,
            (false, true) => Inputs::Temporal,
            _ => Inputs::Spatiotemporal,
        })
    }

    /// Reads a safetensors file, or a state dict saved by PyTorch (`torch.save`), and checks it against the network. Float16, bfloat16 and
    /// float64 become float32 (metadata `converted_from`); a prefix that all names share, such as `module.`, is left out; PyTorch's
    /// integer counters `*.num_batches_tracked`, which no output depends on, are passed over. What the file does not say itself is noted
    /// in the metadata (`source`).
    ///
    /// # Errors
    /// [`ModelError::UnreadableWeights`] where it is neither, [`ModelError::PickledObject`] where a checkpoint holds more than tensors,
    /// [`ModelError::UnfitWeights`] with every tensor that is missing, extra, of another shape or type, or not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        Self::fitted(contents(bytes)?, pytorch::is_archive(bytes))
    }

    /// Cells around a place that weights of the TB CNN were trained to look at: [`crate::TB_HALO`], or none for those that were trained on
    /// the place alone, with zeros beyond its edge. They are used as they were trained: given a margin, the latter lose what they learnt of
    /// the edge (uRMSE 0.0367 instead of 0.0317 m3/m3 on Tucson's simulated scenes, bilinear 0.0350).
    #[must_use]
    pub fn margin(&self) -> usize {
        self.metadata.get(MARGIN_KEY).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// `note`: say where they came from even if nothing had to be inferred or left out.
    fn fitted(mut contents: Contents, mut note: bool) -> Result<Self, ModelError> {
        if contents.tensors.len() > MOST_TENSORS
            || contents.tensors.keys().any(|name| name.len() > LONGEST_NAME)
        {
            let (count, length) =
                (contents.tensors.len(), contents.tensors.keys().map(String::len).max().unwrap_or_default());
            return Err(unreadable(format!(
                "it has {count} tensors with names of up to {length} bytes, where SMEN has 26 short ones"
            )));
        }
        contents.tensors.retain(|name, _| !name.ends_with(".num_batches_tracked"));
        let prefix = strip_prefix(&mut contents.tensors, |part| LAYERS.contains(&part));
        let schema = schema(Inputs::Spatiotemporal);
        let (mut rows, mut converted) = (contents.rows, BTreeSet::new());
        let mut weights = Self { tensors: BTreeMap::new(), metadata: contents.metadata };
        for (name, stored) in contents.tensors {
            // Only what may have a place in the network is read: a shape from elsewhere says nothing of how much memory it is worth.
            let wanted =
                schema.iter().find(|(known, ..)| *known == name).map(|(_, shape, _)| shape.as_slice());
            let values = if wanted == Some(stored.shape()) { stored.values() } else { Vec::new() };
            if let (Some(_), Number::Other(found, _)) = (wanted, stored.number()) {
                rows.push(Mismatch { name: name.clone(), expected: "F32".into(), found: found.into() });
            }
            converted.extend(stored.number().converted_from());
            weights.tensors.insert(name, WeightTensor { shape: stored.shape().to_vec(), values });
        }
        rows.extend(weights.mismatches());
        if !rows.is_empty() {
            return Err(ModelError::UnfitWeights { rows });
        }
        let mut source = contents.source;
        if !prefix.is_empty() {
            source += &prefix_note(&prefix);
            note = true;
        }
        if !weights.metadata.contains_key(INPUTS) {
            weights.metadata.insert(INPUTS.into(), weights.inputs().name().into());
            source += "; inputs inferred from its tensors";
            note = true;
        }
        if note {
            weights.metadata.entry(SOURCE.into()).or_insert(source);
        }
        if !converted.is_empty() {
            weights
                .metadata
                .insert(CONVERTED_FROM.into(), converted.into_iter().collect::<Vec<_>>().join(", "));
        }
        Ok(weights)
    }

    /// Rounds every tensor, running statistics too, to `bits` significant bits ([`rounded`]) and notes it. An offset set after it
    /// ([`crate::set_bias`]) is whole again, and takes back what the rounding does to the mean.
    pub fn round(&mut self, bits: u32) {
        for value in self.tensors.values_mut().flat_map(|tensor| &mut tensor.values) {
            *value = rounded(*value, bits);
        }
        self.metadata.insert(PRECISION.into(), format!("{bits} significant bits"));
    }

    /// As a safetensors file: the same weights and metadata give the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        archive::write(&self.tensors, &self.metadata)
    }

    /// Last date they were trained on, where the file says.
    pub fn trained_until(&self) -> Option<Date> {
        self.metadata.get(TRAINED_UNTIL).and_then(|text| iso_date::parse(text))
    }

    /// That last date, where scores of `date` flatter these weights: where `date` is not after it, and its data (`simulated` or observed)
    /// are of the kind that the weights were last trained on. A simulated scene says nothing of what was observed on the same date.
    pub fn seen_until(&self, date: Date, simulated: bool) -> Option<Date> {
        // What came before the last training has dates of its own.
        let last = self
            .metadata
            .get(TRAINED_ON)
            .and_then(|text| text.split("; before: ").next())
            .unwrap_or_default();
        self.trained_until().filter(|until| date <= *until && is_simulated(last) == simulated)
    }

    /// SHA-256 of [`Weights::to_bytes`], first 16 hex digits: for a file made here what `sha256sum` says.
    pub fn hash(&self) -> String {
        Sha256::digest(self.to_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the page says of them.
    pub fn report(&self, name: &str) -> WeightsReport {
        let trained_on = self.metadata.get(TRAINED_ON).cloned().unwrap_or_else(|| "not said".into());
        let simulated = is_simulated(&trained_on);
        let (hash, network) = (self.hash(), self.network());
        WeightsReport { name: name.into(), simulated, trained_on, hash, network, ..WeightsReport::default() }
    }

    /// Every difference between these tensors and the network's.
    pub(crate) fn mismatches(&self) -> Vec<Mismatch> {
        let mut rows = Vec::new();
        let mut row = |name: &str, expected: String, found: String| {
            rows.push(Mismatch { name: name.into(), expected, found })
        };
        let allowed = |key: &str, allowed: &[&str]| {
            self.metadata
                .get(key)
                .filter(|value| !allowed.contains(&value.as_str()))
                .map(|value| (allowed.join(" | "), value.clone()))
        };
        for (key, values) in [
            (MODEL, vec!["smen"]),
            (INPUTS, Inputs::ALL.map(Inputs::name).to_vec()),
            (HISTORY_KEY, vec![&*HISTORY.to_string()]),
        ] {
            if let Some((expected, found)) = allowed(key, &values) {
                row(&format!("metadata {key}"), expected, found);
            }
        }
        let schema = schema(self.inputs());
        for (name, shape, _) in &schema {
            match self.tensors.get(name) {
                None => row(name, format!("{shape:?}"), "-".into()),
                Some(tensor) if tensor.shape != *shape => {
                    row(name, format!("{shape:?}"), format!("{:?}", tensor.shape))
                }
                Some(tensor) if tensor.values.len() != shape.iter().product::<usize>() => {
                    row(name, format!("{shape:?}"), format!("{} values", tensor.values.len()));
                }
                Some(tensor) => {
                    let not_finite = tensor.values.iter().filter(|value| !value.is_finite()).count();
                    if not_finite > 0 {
                        row(name, "finite".into(), format!("{not_finite} NaN or infinite"));
                    } else if name.ends_with("running_var") && tensor.values.iter().any(|&value| value < 0.0)
                    {
                        row(name, "at least 0".into(), "negative".into());
                    }
                }
            }
        }
        for (name, tensor) in &self.tensors {
            if !schema.iter().any(|(known, ..)| known == name) {
                row(name, "-".into(), format!("{:?}", tensor.shape));
            }
        }
        rows
    }
}

/// Tensors and metadata of a safetensors file or of a PyTorch state dict.
pub(crate) fn contents(bytes: &[u8]) -> Result<Contents<'_>, ModelError> {
    if pytorch::is_archive(bytes) { pytorch::read(bytes) } else { safetensors(bytes) }
}

/// Whether a text about what weights were trained on names simulated scenes.
fn is_simulated(trained_on: &str) -> bool {
    trained_on.to_lowercase().contains("simulated")
}

/// Tensors and metadata of a safetensors file.
fn safetensors(bytes: &[u8]) -> Result<Contents<'_>, ModelError> {
    if pytorch::is_legacy(bytes) {
        return Err(unreadable(
            "this is a PyTorch checkpoint in the format before PyTorch 1.6; load it in PyTorch and save it again",
        ));
    }
    let broken = |error: SafeTensorError| unreadable(format!("not a safetensors file ({error})"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let file = SafeTensors::deserialize(bytes).map_err(broken)?;
    let mut contents = Contents { source: "safetensors file".into(), ..Default::default() };
    contents.metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    for (name, view) in file.iter() {
        let number = match view.dtype() {
            Dtype::F32 => Number::F32,
            Dtype::F64 => Number::F64,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::BF16,
            // Named for the table of mismatches. The crate has checked the length of those narrower than a byte against the file.
            Dtype::I64 => Number::Other("I64", 8),
            Dtype::I32 => Number::Other("I32", 4),
            Dtype::I16 => Number::Other("I16", 2),
            Dtype::I8 => Number::Other("I8", 1),
            Dtype::U8 => Number::Other("U8", 1),
            Dtype::BOOL => Number::Other("BOOL", 1),
            other => Number::Other("another type", other.bitsize() / 8),
        };
        let stored = Stored::contiguous(number, view.shape(), view.data());
        let stored = stored.ok_or_else(|| {
            unreadable(format!("the tensor {} has fewer bytes than its shape needs", shortened(name)))
        })?;
        contents.tensors.insert(name.to_owned(), stored);
    }
    Ok(contents)
}

/// What the metadata say of a prefix that was left out.
pub(crate) fn prefix_note(prefix: &str) -> String {
    format!("; prefix {prefix} left out of its names")
}

/// Leaves out the first parts that all names share, where these are no layers of the network: `module.` (DataParallel), `model.`,
/// `_orig_mod.` (torch.compile), `net.module.`. Returns what was left out.
pub(crate) fn strip_prefix(
    tensors: &mut BTreeMap<String, Stored>,
    is_layer: impl Fn(&str) -> bool,
) -> String {
    let mut prefix = String::new();
    loop {
        let first = tensors
            .keys()
            .next()
            .and_then(|name| name[prefix.len()..].split_once('.'))
            .map(|(part, _)| format!("{prefix}{part}."));
        let Some(longer) = first else { break };
        if is_layer(&longer[prefix.len()..longer.len() - 1])
            || !tensors.keys().all(|name| name.starts_with(&longer))
        {
            break;
        }
        prefix = longer;
    }
    if !prefix.is_empty() {
        *tensors = std::mem::take(tensors)
            .into_iter()
            .map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor))
            .collect();
    }
    prefix
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_bit_for_bit_and_are_the_same_every_time() {
        for inputs in Inputs::ALL {
            let mut weights = Weights::init(inputs, 7);
            weights.metadata.insert(TRAINED_ON.into(), "simulated scenes, \"Tucson\" 2016".into());
            let bytes = weights.to_bytes();
            assert_eq!(Weights::from_bytes(&bytes).unwrap(), weights);
            assert_eq!(weights.clone().to_bytes(), bytes);
            assert!(weights.report("x").simulated);
        }
    }

    #[test]
    fn a_date_counts_as_trained_on_only_where_its_data_are_of_the_trained_kind() {
        let mut weights = Weights::init(Inputs::Spatiotemporal, 7);
        let (until, after) = (Date::constant(2017, 12, 31), Date::constant(2018, 1, 1));
        weights.metadata.insert(TRAINED_UNTIL.into(), until.to_string());
        let simulated = "simulated scenes of Tucson, 2015-04-01 to 2017-12-31";
        let observed = "SMAP and SPL2SMAP_S files of Tucson, 2016-01-01 to 2017-12-31";
        // Fine-tuned on files: the last date is that of the files, whatever the weights learnt from before.
        let tuned = format!("{observed}; before: {simulated}");
        for (trained_on, on_simulated, on_observed) in
            [(simulated, Some(until), None), (observed, None, Some(until)), (&*tuned, None, Some(until))]
        {
            weights.metadata.insert(TRAINED_ON.into(), trained_on.into());
            assert_eq!(
                (weights.seen_until(until, true), weights.seen_until(until, false)),
                (on_simulated, on_observed),
                "{trained_on}"
            );
            assert_eq!(
                (weights.seen_until(after, true), weights.seen_until(after, false)),
                (None, None),
                "{trained_on}"
            );
        }
    }

    #[test]
    fn rounded_weights_are_float32_of_few_bits_and_say_so() {
        let mut weights = Weights::init(Inputs::Spatiotemporal, 7);
        let whole = weights.clone();
        weights.round(11);
        assert_eq!(weights.metadata[PRECISION], "11 significant bits");
        for (name, tensor) in &weights.tensors {
            for (value, before) in tensor.values.iter().zip(&whole.tensors[name].values) {
                assert_eq!(value.to_bits() & 0x1FFF, 0, "{name}");
                assert!((value - before).abs() <= before.abs() / 2048.0, "{name}: {before} became {value}");
            }
        }
        let read = Weights::from_bytes(&weights.to_bytes()).unwrap();
        assert_eq!(read, weights);
        assert!(read.check().is_ok());
    }

    #[test]
    fn first_weights_of_a_seed_never_change() {
        // A change here changes every training run that names a seed.
        assert_eq!(Weights::init(Inputs::Spatiotemporal, 0).hash(), "879fac0d6b1da5de");
        assert_ne!(
            Weights::init(Inputs::Spatiotemporal, 0).hash(),
            Weights::init(Inputs::Spatiotemporal, 1).hash()
        );
        let weights = Weights::init(Inputs::Spatiotemporal, 0);
        let bound = 1.0 / 288f32.sqrt();
        let values = &weights.tensors["h.weight"].values;
        assert!(values.iter().all(|value| value.abs() <= bound));
        assert!(values.iter().any(|value| value.abs() > 0.9 * bound));
    }

    #[test]
    fn every_mismatch_is_named() {
        let mut weights = Weights::init(Inputs::Spatiotemporal, 0);
        weights.tensors.remove("g.bias");
        weights.tensors.insert("extra".into(), WeightTensor { shape: vec![2], values: vec![0.0; 2] });
        weights.tensors.get_mut("h.bias").unwrap().values[0] = f32::NAN;
        weights.tensors.get_mut("f1.conv.bias").unwrap().shape = vec![4, 8];
        weights.metadata.insert(HISTORY_KEY.into(), "6".into());
        let Err(ModelError::UnfitWeights { rows }) = Weights::from_bytes(&weights.to_bytes()) else {
            panic!("accepted")
        };
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["metadata history", "f1.conv.bias", "g.bias", "h.bias", "extra"]);
        let text = ModelError::UnfitWeights { rows }.to_string();
        assert!(text.contains("5 mismatches"), "{text}");
        assert!(text.contains("f1.conv.bias      [32]      [4, 8]"), "{text}");
    }

    #[test]
    fn other_files_are_refused_in_words() {
        let error = Weights::from_bytes(b"PK\x03\x04rest").unwrap_err().to_string();
        assert!(error.contains("PyTorch checkpoints are") && error.contains("cut off"), "{error}");
        let error =
            Weights::from_bytes(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.").unwrap_err().to_string();
        assert!(error.contains("before PyTorch 1.6"), "{error}");
        for bytes in [&b""[..], b"<html>", &[0xff; 64]] {
            assert!(matches!(Weights::from_bytes(bytes), Err(ModelError::UnreadableWeights { .. })));
        }
        let whole = Weights::init(Inputs::Spatial, 0).to_bytes();
        for length in [7, 8, 100, whole.len() - 1] {
            assert!(matches!(
                Weights::from_bytes(&whole[..length]),
                Err(ModelError::UnreadableWeights { .. })
            ));
        }
    }

    #[test]
    fn other_number_types_are_refused() {
        let text = String::from_utf8_lossy(&Weights::init(Inputs::Spatial, 0).to_bytes()).into_owned();
        assert!(text.contains("\"dtype\":\"F32\""));
        let mut bytes = Weights::init(Inputs::Spatial, 0).to_bytes();
        let at = bytes.windows(5).position(|window| window == b"\"F32\"").unwrap();
        bytes[at..at + 5].copy_from_slice(b"\"I32\"");
        let Err(ModelError::UnfitWeights { rows }) = Weights::from_bytes(&bytes) else { panic!("accepted") };
        assert_eq!((rows[0].expected.as_str(), rows[0].found.as_str()), ("F32", "I32"));
    }

    #[test]
    fn without_metadata_the_inputs_follow_from_the_tensors() {
        for inputs in Inputs::ALL {
            let mut weights = Weights::init(inputs, 3);
            weights.metadata.clear();
            let read = Weights::from_bytes(&weights.to_bytes()).unwrap();
            assert_eq!((read.inputs(), &read.tensors), (inputs, &weights.tensors));
            assert_eq!(read.metadata[INPUTS], inputs.name());
            assert!(read.metadata[SOURCE].contains("inputs inferred"), "{:?}", read.metadata);
            // Written again it says so itself, and stays the same.
            assert_eq!(Weights::from_bytes(&read.to_bytes()).unwrap(), read);
        }
    }

    #[test]
    fn a_prefix_of_all_names_is_left_out_and_a_layer_is_none() {
        let weights = Weights::init(Inputs::Spatial, 3);
        let mut prefixed = weights.clone();
        prefixed.tensors = prefixed
            .tensors
            .into_iter()
            .map(|(name, tensor)| (format!("module._orig_mod.{name}"), tensor))
            .collect();
        let read = Weights::from_bytes(&prefixed.to_bytes()).unwrap();
        assert_eq!(read.tensors, weights.tensors);
        assert!(read.metadata[SOURCE].contains("prefix module._orig_mod. left out"), "{:?}", read.metadata);
        prefixed.tensors.retain(|name, _| name.contains(".g."));
        let Err(ModelError::UnfitWeights { rows }) = Weights::from_bytes(&prefixed.to_bytes()) else {
            panic!("accepted")
        };
        assert_eq!(rows.iter().map(|row| &*row.name).collect::<Vec<_>>(), ["h.weight", "h.bias"]);
    }
}
