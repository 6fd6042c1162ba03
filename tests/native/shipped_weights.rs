//! The shipped weights and their cards, as they are committed: each card is of the file beside it, and neither says less than a user must know.

use loam_core::network::Network;
use loam_core::score::InputRange;
use loam_core::stack::Shipped;
use loam_nn::Stage;
use loam_nn::Weights;
use serde_json::Value;

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/public/weights/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn every_shipped_file_has_its_own_card() {
    for Shipped { key, .. } in Shipped::all() {
        let bytes = file(&format!("{key}.safetensors"));
        let weights = Weights::of_any_network(&bytes).unwrap();
        let smen = weights.network() == Network::Smen;
        assert_eq!(smen, key != Network::Rcn.about().key);
        let card: Value = serde_json::from_slice(&file(&format!("{key}.json"))).unwrap();
        assert_eq!(
            card["hash"],
            weights.hash(),
            "{key}: the card is of another file: run cargo xtask weights"
        );
        assert_eq!(card["bytes"], bytes.len());
        assert_eq!(card["parameters"], if smen { 38_337 } else { 72_834 });
        assert!(
            card["simulated"].as_bool().unwrap()
                && card["trained_on"].as_str().unwrap().contains("simulated scenes"),
            "{key}"
        );
        // Inputs beside the training's can be warned of, and nothing from 2018 on was trained on or chosen by.
        let ranged = InputRange::from_metadata(&weights.metadata).is_some() && card["range"].is_array();
        assert!(ranged == smen, "{key}");
        let stages = Stage::list(&weights.metadata);
        assert!(!stages.is_empty(), "{key}");
        for stage in &stages {
            let [first, last, validate, test] = &stage.dates;
            assert!(
                first < last
                    && last < validate
                    && validate.as_str() < "2018-01-01"
                    && test.as_str() >= "2018-01-01",
                "{key}: {stage:?}"
            );
            assert_eq!(stage.regions.contains(&key.to_owned()), smen && key != "general", "{key}");
        }
        let limits = card["limits"].to_string();
        assert!(
            limits.contains("simulated scenes alone") && limits.contains("Not a measurement of the ground"),
            "{key}: {limits}"
        );
    }
}

/// What a card says of a baseline follows from its numbers: everything that SMEN does not beat is named in the limits.
#[test]
fn what_is_not_beaten_is_named() {
    for Shipped { key, .. } in Shipped::all() {
        let card: Value = serde_json::from_slice(&file(&format!("{key}.json"))).unwrap();
        let limits: Vec<&str> = card["limits"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let places = card["scores"].as_array().unwrap();
        assert!(places.len() >= 5, "{key}: three regions and two places never seen");
        for place in places {
            let name = place["name"].as_str().unwrap();
            let said = limits.iter().find(|limit| limit.starts_with(&format!("In {name}"))).unwrap();
            for score in place["scores"].as_array().unwrap() {
                let method = score["name"].as_str().unwrap();
                assert!(
                    score["pixels"].as_u64().unwrap() > 1000 && score["dates"].as_u64().unwrap() >= 5,
                    "{key}, {name}: {method}"
                );
                if score["gain"][1].as_f64().is_some_and(|low| low <= 0.0) {
                    assert!(said.contains(method), "{key}: \"{method}\" is not named: {said}");
                }
            }
        }
    }
}
