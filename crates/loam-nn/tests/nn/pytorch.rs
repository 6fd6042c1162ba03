//! Checkpoints written by `torch.save` (`tests/reference/make_pytorch.py`): the tensors are bit for bit what PyTorch reads back, what is
//! no state dict is refused in words, and damaged files never panic.

use std::path::Path;

use loam_nn::{Inputs, ModelError, Weights};
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pytorch").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(name: &str) -> Result<Weights, ModelError> {
    Weights::from_bytes(&fixture(name))
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Reads NAME.pt and compares it with NAME.safetensors, PyTorch's own reading of it.
fn as_pytorch_reads(name: &str) -> Weights {
    let weights = read(&format!("{name}.pt")).unwrap_or_else(|error| panic!("{name}: {error}"));
    let expected = fixture(&format!("{name}.safetensors"));
    let expected = SafeTensors::deserialize(&expected).unwrap();
    let mut names = expected.names();
    names.sort();
    assert_eq!(weights.tensors.keys().map(String::as_str).collect::<Vec<_>>(), names, "{name}");
    for (tensor, view) in expected.iter() {
        let ours = &weights.tensors[tensor];
        assert_eq!(
            (ours.shape.as_slice(), bytes_of(&ours.values).as_slice()),
            (view.shape(), view.data()),
            "{name}: {tensor}"
        );
    }
    assert_eq!(
        (weights.inputs(), weights.metadata["inputs"].as_str()),
        (Inputs::Spatial, "spatial"),
        "{name}"
    );
    weights
}

/// Why a file is refused.
fn reason(name: &str) -> String {
    let error = read(name).expect_err(name);
    let text = error.to_string();
    assert!(matches!(error, ModelError::UnreadableWeights { .. }), "{name}: {text}");
    assert!(text.contains("torch.save(model.state_dict()"), "{name} does not say what to do: {text}");
    text
}

#[test]
fn the_full_network_is_what_pytorch_reads() {
    let weights = read("full.pt").unwrap();
    let facts: serde_json::Value = serde_json::from_slice(&fixture("facts.json")).unwrap();
    let expected = facts["full"].as_object().unwrap();
    assert_eq!(weights.tensors.len(), expected.len());
    for (name, hash) in expected {
        let ours: String = Sha256::digest(bytes_of(&weights.tensors[name].values))
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(ours, hash.as_str().unwrap(), "{name}");
    }
    assert_eq!(weights.inputs(), Inputs::Spatiotemporal);
    assert_eq!(weights.metadata["source"], "PyTorch checkpoint; inputs inferred from its tensors");
    assert!(!weights.metadata.contains_key("converted_from"));
    // What is exported of them is read again.
    assert_eq!(Weights::from_bytes(&weights.to_bytes()).unwrap(), weights);
}

#[test]
fn half_in_a_training_scripts_dict_with_a_prefix() {
    let metadata = as_pytorch_reads("wrapped_half").metadata;
    assert_eq!(metadata["converted_from"], "float16");
    let source = "PyTorch checkpoint, entry state_dict; prefix module. left out of its names; inputs inferred from its tensors";
    assert_eq!(metadata["source"], source);
    // What stands beside and has a key here is kept; the rest of the script's notes is not.
    assert_eq!(
        (metadata["region"].as_str(), metadata["trained_on"].as_str()),
        ("tucson", "simulated scenes")
    );
    assert!(!metadata.contains_key("epoch") && !metadata.contains_key("best"), "{metadata:?}");
}

#[test]
fn other_ways_to_write_one() {
    assert_eq!(as_pytorch_reads("mixed_parameters").metadata["converted_from"], "bfloat16, float64");
    as_pytorch_reads("strided");
    as_pytorch_reads("protocol4");
    as_pytorch_reads("one_network_twice");
    let source = &as_pytorch_reads("with_optimizer").metadata["source"];
    assert!(source.contains("entry model"), "{source}");
    assert_eq!(read("no_byteorder.pt").unwrap().tensors, read("protocol4.pt").unwrap().tensors);
}

#[test]
fn a_pickled_module_is_refused_by_name() {
    let error = read("module.pt").unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ModelError::PickledObject { name } if name == "make_goldens.Smen"), "{text}");
    assert!(text.contains("make_goldens.Smen") && text.contains("torch.save(model.state_dict()"), "{text}");
}

#[test]
fn a_misfit_gives_the_table() {
    let Err(ModelError::UnfitWeights { rows }) = read("misfit.pt") else { panic!("accepted") };
    let rows: Vec<_> =
        rows.iter().map(|row| (row.name.as_str(), row.expected.as_str(), row.found.as_str())).collect();
    let expected = [
        ("h.bias", "F32", "I64"),
        ("g.bias", "[32]", "[16]"),
        ("h.weight", "[1, 32, 1, 3, 3]", "-"),
        ("extra", "-", "[2, 3]"),
    ];
    assert_eq!(rows, expected);
    // A shape far beyond the memory is one row more, not an allocation.
    let Err(ModelError::UnfitWeights { rows }) = read("vast.pt") else { panic!("accepted") };
    assert!(rows.iter().any(|row| row.found == "[2000000000, 2000000000, 2]"), "{rows:?}");
}

#[test]
fn other_files_are_refused_in_words() {
    for (name, words) in [
        ("big_endian.pt", "byte order is big"),
        ("no_storage.pt", "tensor h.weight is damaged"),
        ("short_storage.pt", "tensor h.weight is damaged"),
        ("no_tensors.pt", "no state dict in it"),
        ("two_networks.pt", "several dicts of tensors (a, b)"),
        ("compressed.pt", "compressed"),
        ("legacy.pt", "before PyTorch 1.6"),
    ] {
        let text = reason(name);
        assert!(text.contains(words), "{name}: {text}");
    }
}

#[test]
fn cut_off_files_never_panic() {
    for name in
        ["full.pt", "wrapped_half.pt", "mixed_parameters.pt", "strided.pt", "protocol4.pt", "module.pt"]
    {
        let whole = fixture(name);
        let lengths = (0..whole.len()).step_by(97).chain(whole.len() - 100..whole.len());
        for length in lengths {
            // The directory is the last thing in the file: without its end there is nothing to find.
            assert!(
                matches!(Weights::from_bytes(&whole[..length]), Err(ModelError::UnreadableWeights { .. })),
                "{name} {length}"
            );
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let mut refused = 0;
    for name in [
        "wrapped_half.pt",
        "mixed_parameters.pt",
        "strided.pt",
        "protocol4.pt",
        "with_optimizer.pt",
        "misfit.pt",
        "vast.pt",
    ] {
        let whole = fixture(name);
        for at in 0..whole.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                match Weights::from_bytes(&bytes) {
                    // Taken: then it is a whole network all the same.
                    Ok(weights) => weights.check().unwrap_or_else(|error| panic!("{name} {at}: {error}")),
                    Err(error) => refused += usize::from(!error.to_string().is_empty()),
                }
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

/// A stored archive of one pickle, as little as the reader needs.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let (name, length) = (b"x/data.pkl", (pickle.len() as u32).to_le_bytes());
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([0; 22]);
    bytes.extend([name.len() as u8, 0, 0, 0]);
    bytes.extend(name);
    bytes.extend(pickle);
    let start = (bytes.len() as u32).to_le_bytes();
    let mut entry = b"PK\x01\x02".to_vec();
    entry.extend([0; 16]);
    entry.extend(length);
    entry.extend(length);
    entry.extend([name.len() as u8, 0]);
    entry.extend([0; 16]);
    entry.extend(name);
    bytes.extend(&entry);
    bytes.extend(b"PK\x05\x06");
    bytes.extend([0, 0, 0, 0, 1, 0, 1, 0]);
    bytes.extend((entry.len() as u32).to_le_bytes());
    bytes.extend(start);
    bytes.extend([0, 0]);
    bytes
}

fn refusal(pickle: &[u8]) -> String {
    Weights::from_bytes(&archive(pickle)).expect_err("accepted").to_string()
}

#[test]
fn hostile_pickles_are_refused() {
    // The helper itself: an empty dict is found, and holds nothing.
    assert!(refusal(b"\x80\x02}.").contains("no state dict in it"));
    // What would be run by Python.
    assert!(
        refusal(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").contains("a Python object, os.system")
    );
    assert!(refusal(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").contains("builtins.eval"));
    assert!(refusal(b"\x80\x02ctorch\nload\n.").contains("torch.load"));
    // A class whose name tries to draw on the terminal.
    assert!(!refusal(b"\x80\x02cos\n\x1b[2Jx\n.").contains('\x1b'));
    // A dict that holds itself, as value and as state dict.
    assert!(refusal(b"\x80\x02}q\x00X\x0a\x00\x00\x00state_dicth\x00s.").contains("no state dict in it"));
    // A parameter whose data are itself cannot be written, but one of a parameter can.
    let parameter = b"ctorch._utils\n_rebuild_parameter\n";
    let nested = [b"\x80\x02}X\x01\x00\x00\x00g", &parameter[..], parameter, b")R\x89N\x87R", b"s."].concat();
    assert!(refusal(&nested).contains("tensor g is damaged"), "{}", refusal(&nested));
    // Lists in lists, deeper than any call stack.
    let deep = [b"\x80\x02".to_vec(), vec![b']'; 200_000], vec![b'a'; 199_999], b".".to_vec()].concat();
    assert!(refusal(&deep).contains("no dict of tensors"));
    // Lengths and memo keys far beyond the file.
    assert!(refusal(b"\x80\x02X\xff\xff\xff\xffabc.").contains("cut off"));
    assert!(refusal(b"\x80\x02}r\xff\xff\xff\xff.").contains("no state dict in it"));
    assert!(refusal(b"\x80\x02j\xff\xff\xff\xff.").contains("damaged"));
    // Nothing on the stack, no mark, an opcode of classes, an int of 2040 bits, no STOP.
    for (pickle, words) in [
        (&b"\x80\x02."[..], "damaged"),
        (b"\x80\x02t.", "damaged"),
        (b"\x80\x02}(u0.", "opcode 0x30"),
        (b"\x80\x02\x81.", "opcode 0x81"),
        (b"\x80\x02(}b.", "damaged"),
        (b"\x80\x02}", "cut off"),
        (b"\x80\x00}.", "protocol 0"),
        (b"", "cut off"),
    ] {
        assert!(refusal(pickle).contains(words), "{pickle:?}: {}", refusal(pickle));
    }
    assert!(refusal(&[&b"\x80\x02\x8a\xff"[..], &[1; 255], b"."].concat()).contains("damaged"));
    assert!(refusal(&vec![b'}'; 2 << 20]).contains("2097152 bytes"));
}
