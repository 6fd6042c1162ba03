//! Scores compared with pytesmo's on the same pairs (tests/reference/make_validation_goldens.py): values to 1e-9, intervals to 1e-6.

use std::path::PathBuf;

use ground_stations::scores::{
    ANOMALY_DAYS, Lineage, Quartiles, Representativeness, Season, TripleRefusal, anomalies, pairwise,
    triple_collocation,
};
use jiff::civil::date;
use serde_json::Value;

fn golden() -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/validation.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance
}

#[test]
fn pairwise_scores_are_those_of_pytesmo() {
    let golden = golden();
    let mut compared = 0;
    for case in golden["pairs"].as_array().unwrap() {
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let found = serde_json::to_value(pairwise(&x, &y).unwrap()).unwrap();
        for (name, expected) in case["scores"].as_object().unwrap() {
            let tolerance = if name.contains("_ci_") { 1e-6 } else { 1e-9 };
            let number = |v: Option<&Value>| v.and_then(Value::as_f64).unwrap_or(f64::NAN);
            let (a, b) = (number(found.get(name)), number(Some(expected)));
            assert!(close(a, b, tolerance), "{}: {name}: {a} instead of {b}", case["name"]);
            compared += usize::from(b.is_finite());
        }
        // No score that pytesmo does not have.
        for name in found.as_object().unwrap().keys() {
            assert!(case["scores"].get(name).is_some(), "{name}");
        }
    }
    assert!(compared > 140, "{compared}");
    assert_eq!(pairwise(&[0.1], &[0.2]), None);
    assert_eq!(pairwise(&[0.1, 0.2], &[0.2]), None);
}

#[test]
fn anomalies_are_those_of_pytesmo() {
    let golden = &golden()["anomaly"];
    let minutes: Vec<i32> =
        golden["minutes"].as_array().unwrap().iter().map(|m| m.as_i64().unwrap() as i32).collect();
    let found = anomalies(&minutes, &numbers(&golden["values"]), ANOMALY_DAYS);
    let expected = numbers(&golden["anomaly"]);
    assert_eq!(found.len(), expected.len());
    for (at, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!(close(*a, *b, 1e-9), "{at}: {a} instead of {b}");
    }
}

#[test]
fn triple_collocation_is_that_of_pytesmo() {
    let (a, b, c) = (Lineage::InSitu, Lineage::SmapRadiometer, Lineage::Other("ASCAT".to_owned()));
    let mut classes = Vec::new();
    for case in golden()["triples"].as_array().unwrap() {
        let series = ["x", "y", "z"].map(|name| numbers(&case[name]));
        let found = triple_collocation([("x", &a, &series[0]), ("y", &b, &series[1]), ("z", &c, &series[2])])
            .unwrap();
        assert_eq!(found.n_obs, series[0].len());
        for (name, of) in [("snr", 0), ("err_std", 1), ("beta", 2)] {
            let [values, lower, upper] = [0, 1, 2].map(|part| numbers(&case[name][part]));
            for (at, member) in found.members.iter().enumerate() {
                let score = [member.snr, member.err_std, member.beta][of];
                let interval = score.interval.unwrap();
                assert!(close(score.value, values[at], 1e-9), "{name} {at}: {score:?} {}", values[at]);
                assert!(
                    close(interval.0, lower[at], 1e-6) && close(interval.1, upper[at], 1e-6),
                    "{name} {at}"
                );
            }
        }
        classes.extend(found.members.map(|member| member.class));
    }
    assert!(classes.contains(&Representativeness::Undeducible));
}

#[test]
fn triple_collocation_is_refused_where_it_would_lie() {
    let (in_situ, smap) = (Lineage::InSitu, Lineage::SmapRadiometer);
    let model = Lineage::Other("a land model".to_owned());
    let few = vec![0.2; 99];
    let refusal = triple_collocation([
        ("station", &in_situ, &few),
        ("SPL2SMAP_S", &smap, &few),
        ("SPL4SMAU", &smap, &few),
    ]);
    assert!(matches!(refusal, Err(TripleRefusal::NotIndependent { .. })));
    let text = refusal.unwrap_err().to_string();
    assert!(text.contains("SPL2SMAP_S and SPL4SMAU both rest on SMAP's radiometer"), "{text}");
    let refusal =
        triple_collocation([("station", &in_situ, &few), ("SMAP", &smap, &few), ("model", &model, &few)]);
    assert_eq!(refusal, Err(TripleRefusal::TooFew(99)));
}

#[test]
fn seasons_and_quartiles() {
    assert_eq!(Season::of(date(2020, 12, 1)), Season::Djf);
    assert_eq!(Season::of(date(2020, 3, 1)), Season::Mam);
    assert_eq!(Season::of(date(2020, 8, 31)), Season::Jja);
    assert_eq!(Season::of(date(2020, 11, 30)), Season::Son);
    // numpy.quantile([4, 1, 3, 2], [0.25, 0.5, 0.75]) = [1.75, 2.5, 3.25].
    let q = Quartiles::of([4.0, f64::NAN, 1.0, 3.0, 2.0]).unwrap();
    assert_eq!((q.count, q.lower, q.median, q.upper), (4, 1.75, 2.5, 3.25));
    assert_eq!(Quartiles::of([f64::NAN]), None);
}
