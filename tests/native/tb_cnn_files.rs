//! The TB CNN from files to files, as a user runs it: train, predict, read back, evaluate; and the refusals.
//!
//! Case 1 on the synthetic granules of tests/reference/make_granules.py (SPL3SMP beside SPL3SMAP), case 2 on what `loam simulate` writes.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use ease_grid::{EaseWindow, Raster, Reason, Resolution, resample};
use jiff::civil::date;
use loam::protocol::FileTicket;
use loam::session::{open, provenance};
use loam_core::device_report::DevicePreference;
use loam_core::network::Network;
use loam_core::score::ScoreRow;
use loam_core::score::Scores;
use loam_core::stack::{Library, Region, Series, Temperatures};
use loam_nn::networks::tb_cnn::estimate as tb;
use loam_nn::tb_cnn::{TbCase, TbCnn};
use loam_nn::{Random, block_on, predict_tb};
use smap_files::{self as read, Granule, PathSource, QualityRule, ReadOptions, Role};

/// Over the synthetic granules: 36 x 36 cells of 3 km, 13 x 13 of 9 km.
const REGION: &str = "--region=-97.5164,35.4676,36,36";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loam")).args(arguments).output().unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures")
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn done(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let last = output.stdout.split(|b| *b == b'\n').rfind(|l| !l.is_empty()).unwrap();
    serde_json::from_slice(last).or_else(|_| serde_json::from_slice(&output.stdout)).unwrap()
}

fn refused(output: &Output, holds: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.lines().last().is_some_and(|l| l.starts_with("error: ") && l.contains(holds)), "{said}");
}

fn open(path: &Path) -> Granule {
    read::open(Arc::new(PathSource::open(path).unwrap())).unwrap()
}

fn band(granule: &Granule, role: Role, window: Option<&EaseWindow>) -> Raster {
    let index = granule
        .variables
        .iter()
        .position(|v| v.role == role)
        .unwrap_or_else(|| panic!("{role:?} in {}", granule.file));
    granule.read(index, &ReadOptions { quality: QualityRule::All, scale: None }, window).unwrap()
}

fn score<'a>(report: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    report["scores"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["name"] == name)
        .unwrap_or_else(|| panic!("{name}: {report}"))
}

fn near(found: &serde_json::Value, wanted: f64) {
    assert!((found.as_f64().unwrap() - wanted).abs() < 1e-6 * wanted.abs().max(1.0), "{found} {wanted}");
}

#[test]
fn case_1_learns_from_files_predicts_and_is_scored_against_what_the_files_hold() {
    let folder = tempfile::tempdir().unwrap();
    let (data, weights, map) = (
        text(&fixtures().join("tb")),
        text(&folder.path().join("w.safetensors")),
        folder.path().join("map.tif"),
    );
    let train = |epochs: &str, out: &str, more: &[&str]| {
        let base = [
            "train",
            "--network",
            "tb-brightness",
            REGION,
            "--batch",
            "2",
            "--epochs",
            epochs,
            "--out",
            out,
            "--json",
            &data,
        ];
        run(&[&base[..], more].concat())
    };
    let output = train("3", &weights, &[]);
    let result = done(&output);
    // Nine dates: one to test, one to validate, by time.
    assert_eq!(result["images"], serde_json::json!([7, 1, 1, 0]));
    assert_eq!((result["unit"].as_str(), result["simulated"].as_bool()), (Some("K"), Some(false)));
    assert!(result["trained_on"].as_str().unwrap().contains("target SPL3SMAP, 2015-04-01"), "{result}");
    assert!(score(&result, "TB CNN before training, TB H")["pixels"] == 169, "{result}");
    assert!(
        result["sentence"].as_str().unwrap().contains("TB CNN, TB H: 1 test dates are too few"),
        "{result}"
    );
    let losses: Vec<f64> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok()?["train_loss"].as_f64())
        .collect();
    assert!(losses.len() == 3 && losses[2] < losses[0], "{losses:?}");

    // The same seed gives the same bytes, also where the run was killed on the way and resumes from its last checkpoint.
    let (again, kept) = (text(&folder.path().join("again.safetensors")), folder.path().join("kept"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_loam"))
        .args([
            "train",
            "--network",
            "tb-brightness",
            REGION,
            "--batch",
            "2",
            "--epochs",
            "3",
            "--out",
            &again,
            &data,
        ])
        .args(["--keep", &text(&kept)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let checkpoint = kept.join("runs/run/a.checkpoint");
    for _ in 0..600 {
        if checkpoint.exists() || child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        checkpoint.exists() && !Path::new(&again).exists(),
        "killed between the first checkpoint and the end"
    );
    done(&run(&["train", "--resume", &text(&kept), "--out", &again, "--json"]));
    // The options of before are understood for one release, with a note.
    let before = [
        "train",
        "--model",
        "tb-cnn",
        "--case",
        "tb",
        REGION,
        "--epochs",
        "1",
        "--out",
        &again,
        &data,
        "--test-from",
        "2030-01-01",
    ];
    let said = String::from_utf8_lossy(&run(&before).stderr).into_owned();
    assert!(said.contains("--network tb-brightness") && said.contains("of 9 usable dates"), "{said}");
    assert!(std::fs::read(&weights).unwrap() == std::fs::read(&again).unwrap(), "the same bytes");

    let predict = run(&[
        "predict",
        "--network",
        "tb-brightness",
        "--weights",
        &weights,
        "--date",
        "2015-04-25",
        REGION,
        "--out",
        &text(&map),
        "--csv",
        &text(&folder.path().join("map.csv")),
        "--json",
        &data,
    ]);
    let report = done(&predict);
    assert_eq!(
        (report["smap_overpass"].as_str(), report["window"]["resolution"].as_str()),
        (Some("6 am (descending)"), Some("M09"))
    );
    let target = open(&fixtures().join("tb/SMAP_L3_SM_AP_20150425_R13080_001.h5"));
    let source = open(&fixtures().join("tb/SMAP_L3_SM_P_20150425_R18290_001.h5"));
    for (polarisation, role) in [("V", Role::BrightnessV), ("H", Role::BrightnessH)] {
        let written = open(&folder.path().join(format!("map_{polarisation}.tif")));
        assert_eq!(written.variables[0].units.as_deref(), Some("K"));
        let estimate = written.read(0, &ReadOptions::default(), None).unwrap();
        let window = estimate.grid().ease_window().unwrap();
        assert_eq!((window.resolution, window.columns, window.rows), (Resolution::M09, 13, 13));
        let (reference, coarse) = (band(&target, role, Some(&window)), band(&source, role, None));
        let valid = vec![true; window.len()];
        assert_eq!((estimate.valid_count(), reference.valid_count()), (169, 169));
        // Scores in the report are those of the file just written, and bilinear is scored on the same pixels.
        let own = Scores::of(estimate.values(), reference.values(), &valid).unwrap();
        let bilinear =
            Scores::of(resample::bilinear(&coarse, &window).unwrap().values(), reference.values(), &valid)
                .unwrap();
        for (name, scores) in [("TB CNN", own), ("bilinear", bilinear)] {
            let row = score(&report, &format!("{name}, TB {polarisation}"));
            assert_eq!(row["pixels"], 169);
            near(&row["urmse"], scores.urmse.unwrap());
            near(&row["rmse"], scores.rmse.unwrap());
        }
        // Kelvins of ground, and not the input as it was.
        let s = estimate.statistics();
        assert!(s.min.unwrap() > 150.0 && s.max.unwrap() < 330.0, "{s:?}");
        assert!(
            own.rmse.unwrap() > 0.0
                && own
                    != Scores::of(
                        resample::nearest(&coarse, &window).unwrap().values(),
                        reference.values(),
                        &valid
                    )
                    .unwrap()
        );
    }
    let tags = String::from_utf8_lossy(&std::fs::read(folder.path().join("map_V.tif")).unwrap()).into_owned();
    for held in [
        "brightness temperature TB V, 9 km estimate",
        "TB CNN, case 1",
        "against SPL3SMAP: uRMSE",
        "SMAP_L3_SM_P_20150425_R18290_001.h5",
    ] {
        assert!(tags.contains(held), "{held}");
    }
    assert!(
        std::fs::read_to_string(folder.path().join("map_H.csv"))
            .unwrap()
            .contains("brightness temperature TB H")
    );

    let evaluated =
        done(&run(&["evaluate", "--weights", &weights, REGION, "--from", "2015-04-20", "--json", &data]));
    assert_eq!(
        (evaluated["network"].as_str(), evaluated["dates"].as_u64()),
        (Some("tb-brightness"), Some(2))
    );
    assert_eq!(evaluated["mean_over_dates"].as_array().unwrap().len(), 6);
    assert_eq!(evaluated["mean_over_dates"][0]["pixels"], 338);

    // Refusals: other weights, other case, nothing to learn from.
    let smen = text(concat!(env!("CARGO_MANIFEST_DIR"), "/public/weights/tucson.safetensors").as_ref());
    refused(
        &run(&[
            "predict",
            "--model",
            "tb-cnn",
            "--weights",
            &smen,
            "--date",
            "2015-04-25",
            REGION,
            "--out",
            "x.tif",
            &data,
        ]),
        "the weights are of the network \"smen\"",
    );
    refused(
        &run(&["predict", "--weights", &weights, "--date", "2015-04-26", REGION, "--out", "x.tif", &data]),
        "9 dates have it, from 2015-04-01",
    );
    refused(&train("1", "x", &["--test-from", "2030-01-01"]), "of 9 usable dates");
    refused(&train("1", "x", &["--freeze", "norms"]), "cannot be frozen in the TB CNN");
    refused(&train("1", "x", &["--inputs", "spatial"]), "names inputs of SMEN");
    let moisture = ["train", "--network", "tb-soil-moisture", REGION, "--epochs", "1", "--out", "x", &data];
    refused(&run(&moisture), "0 dates can be used");
    refused(&run(&[&moisture[..], &["--weights", &weights]].concat()), "0 dates can be used");
    refused(
        &run(&["train", REGION, "--case", "tb", "--out", "x", &data]),
        "--network tb-brightness or --network tb-soil-moisture",
    );
    let elsewhere = [
        "train",
        "--network",
        "tb-brightness",
        "--region=6.1,46.2,36,36",
        "--epochs",
        "1",
        "--out",
        "x",
        &data,
    ];
    refused(
        &run(&elsewhere),
        "9 were left out (mostly: the 36 km brightness temperature has no value in the region)",
    );
}

#[test]
fn case_2_learns_from_the_files_that_simulate_writes() {
    let folder = tempfile::tempdir().unwrap();
    let scenes = text(&folder.path().join("scenes"));
    let wrote = done(&run(&[
        "simulate",
        "--region",
        "tucson",
        "--from",
        "2017-03-01",
        "--to",
        "2017-12-31",
        "--out",
        &scenes,
        "--json",
    ]));
    let names: Vec<&str> = wrote["files"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    let lst = names.iter().find(|n| n.contains("_LST_")).unwrap();
    let facts = done(&run(&["inspect", "--json", &text(&Path::new(&scenes).join(lst))]));
    assert_eq!(
        (facts["product"].as_str(), facts["simulated"].as_bool()),
        (Some("land surface temperature"), Some(true))
    );
    assert_eq!(
        (facts["variables"][0]["units"].as_str(), facts["variables"][0]["role"].as_str()),
        (Some("K"), Some("surface_temperature"))
    );

    let (weights, map) = (text(&folder.path().join("w.safetensors")), folder.path().join("map.tif"));
    // 18 x 18 cells: the test is to be quick.
    let region = "--region=-110.9747,32.2226,18,18";
    let result = done(&run(&[
        "train",
        "--model",
        "tb-cnn",
        "--case",
        "soil-moisture",
        region,
        "--epochs",
        "2",
        "--batch",
        "4",
        "--out",
        &weights,
        "--json",
        &scenes,
    ]));
    assert_eq!(result["simulated"], true, "{result}");
    let images: u64 = result["images"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert!(images >= 5, "{result}");
    // The latest 3 km map over the region. What the weights file says is which network: no --network needed.
    let fine = names.iter().rev().filter(|n| n.contains("L2_SM_SP"));
    let (fine, report) = fine
        .filter_map(|name| {
            let date = read::names::date_in(name).unwrap().to_string();
            let output = run(&[
                "predict",
                "--weights",
                &weights,
                "--date",
                &date,
                region,
                "--out",
                &text(&map),
                "--json",
                &scenes,
            ]);
            output.status.success().then(|| (name, done(&output)))
        })
        .find(|(_, report)| score(report, "TB CNN")["pixels"].as_u64() > Some(10))
        .unwrap();
    assert_eq!(
        (report["network"].as_str(), report["simulated"].as_bool()),
        (Some("tb-soil-moisture"), Some(true))
    );
    let estimate = band(&open(&map), Role::SoilMoisture, None);
    let window = estimate.grid().ease_window().unwrap();
    assert_eq!((window.resolution, window.columns), (Resolution::M03, 18));
    let reference = band(&open(&Path::new(&scenes).join(fine)), Role::SoilMoisture, Some(&window));
    let valid: Vec<bool> = reference
        .reasons()
        .iter()
        .zip(estimate.reasons())
        .map(|(a, b)| (*a, *b) == (Reason::Valid, Reason::Valid))
        .collect();
    let own = Scores::of(estimate.values(), reference.values(), &valid).unwrap();
    near(&score(&report, "TB CNN")["rmse"], own.rmse.unwrap());
    assert_eq!(score(&report, "bilinear")["pixels"], score(&report, "TB CNN")["pixels"]);
}

/// Trained dates count where weights and data are of one kind: the granules here are not simulated.
#[test]
fn dates_count_as_trained_on_where_weights_and_data_are_both_observed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (text(&fixtures().join("tb")), text(&folder.path().join("w.safetensors")));
    let said = |trained_on: &str, command: &[&str]| {
        let mut weights = loam_nn::tb_cnn::first_weights(TbCase::BrightnessTemperature, 1);
        let facts = [("trained_on", trained_on), ("trained_until", "2015-04-19")];
        weights.metadata.extend(facts.map(|(key, value)| (key.to_owned(), value.to_owned())));
        std::fs::write(&path, weights.to_bytes()).unwrap();
        let output = run(&[command, &["--weights", &path, REGION, &data]].concat());
        let said =
            [output.stderr, output.stdout].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(output.status.success(), "{said}");
        said.contains("trained on dates up to 2015-04-19")
    };
    let map = text(&folder.path().join("map.tif"));
    let (evaluate, predict) =
        (["evaluate", "--from", "2015-04-19"], ["predict", "--date", "2015-04-19", "--out", &map]);
    for command in [&evaluate[..], &predict[..]] {
        assert!(said("files of Oklahoma City, 2015-04-01 to 2015-04-19", command));
        assert!(said(
            "files of Oklahoma City, 2015-04-01 to 2015-04-19; before: SIMULATED scenes of Oklahoma City",
            command
        ));
        assert!(!said("SIMULATED scenes of Oklahoma City, 2015-04-01 to 2015-04-19", command));
    }
    assert!(!said("files of Oklahoma City, 2015-04-01 to 2015-04-19", &["evaluate", "--from", "2015-04-22"]));
}

/// However many rows a channel has, its file carries its own scores.
#[test]
fn exports_of_a_channel_carry_that_channels_scores() {
    let mut library = Library::default();
    for (id, name) in ["SMAP_L3_SM_P_20150425_R18290_001.h5", "SMAP_L3_SM_AP_20150425_R13080_001.h5"]
        .into_iter()
        .enumerate()
    {
        let source = Arc::new(PathSource::open(&fixtures().join("tb").join(name)).unwrap());
        let ticket = FileTicket {
            id: id as u32,
            name: name.into(),
            bytes: 0,
            correction: Default::default(),
            member: None,
        };
        library.insert(block_on(open::open(&ticket, source)).unwrap());
    }
    let case = TbCase::BrightnessTemperature;
    let mut series = Series::new(Region::around(-97.5164, 35.4676, 36, 36).unwrap(), QualityRule::All);
    let sample =
        tb::sample(&library, &mut series, case, 0, date(2015, 4, 25), async |_| ControlFlow::Continue(()));
    let (network, _) =
        TbCnn::from_weights(&loam_nn::tb_cnn::first_weights(case, 1), &Device::flex()).unwrap();
    let (sample, _) = block_on(sample).unwrap();
    let outcome =
        block_on(tb::predict(&network, &Device::flex(), sample, async |_, _| ControlFlow::Continue(())));
    let mut outcome = outcome.unwrap();
    let scores = |count: usize, channel: u8| -> Vec<_> {
        let one = Scores { urmse: Some(1.0), bias: Some(0.0), ..Scores::default() };
        (0..count).map(|_| one.report(Network::Tb(case), ScoreRow::Estimate, channel)).collect()
    };
    assert_eq!(outcome.scores.len(), 2, "a list a channel");
    outcome.scores = vec![scores(4, 0), scores(3, 1)];
    let circumstances = provenance::Circumstances {
        quality: QualityRule::All,
        weights: loam_nn::tb_cnn::first_weights(case, 1).report("first"),
        device: loam_nn::device::report(&loam_nn::device::decide(DevicePreference::Cpu, None), None, None),
    };
    let estimate = outcome.into_estimate().unwrap();
    for (channel, rows, polarisation) in
        [(0, 4, ", TB V against SPL3SMAP"), (1, 3, ", TB H against SPL3SMAP")]
    {
        let scores = provenance::of(&estimate, channel, &circumstances).scores;
        assert_eq!(scores.len(), rows);
        assert!(
            scores.iter().all(|score| score.of.contains(polarisation)),
            "{:?}",
            scores.iter().map(|s| &s.of).collect::<Vec<_>>()
        );
    }
}

#[test]
fn strips_and_blocks_give_the_whole_rasters_values() {
    let device = Device::flex();
    // 230 rows are two blocks, and the first of them two strips.
    let (columns, rows) = (40, 230);
    for case in [TbCase::SoilMoisture] {
        let (network, _) = TbCnn::from_weights(&loam_nn::tb_cnn::first_weights(case, 3), &device).unwrap();
        let mut random = Random::new(5);
        let input: Vec<f32> = case
            .scales()
            .into_iter()
            .flat_map(|(centre, spread)| {
                (0..columns * rows).map(|_| centre + spread * random.symmetric(1.0)).collect::<Vec<_>>()
            })
            .collect();
        let scaled: Vec<f32> = input
            .chunks(columns * rows)
            .zip(case.scales())
            .flat_map(|(p, (c, s))| p.iter().map(move |v| (v - c) / s))
            .collect();
        let whole =
            network.forward(Tensor::from_data(TensorData::new(scaled, [1, 2, rows, columns]), &device));
        let whole: Vec<f32> = whole.into_data().try_to_vec::<f32>().unwrap();
        let mut heard = 0;
        let run = predict_tb(&network, case, &device, (columns, rows), &input, async |done, total| {
            assert!(done <= total);
            heard += 1;
            ControlFlow::Continue(())
        });
        let cut = block_on(run).unwrap();
        assert_eq!(heard, 7 * 3);
        for ((plane, cut), (centre, spread)) in
            whole.chunks(columns * rows).zip(cut.chunks(columns * rows)).zip(case.scales())
        {
            for (i, (a, b)) in plane.iter().zip(cut).enumerate() {
                assert!(
                    (a * spread + centre - b).abs() < 1e-4 * spread,
                    "{case:?} row {}: {a} {b}",
                    i / columns
                );
            }
        }
    }
}

#[test]
fn one_overpass_counts_and_the_flag_masks() {
    let mut library = Library::default();
    for (id, name) in
        ["SMAP_L3_SM_P_20200603_R18290_001.h5", "SMAP_L3_SM_P_20200604_R18290_001.h5"].into_iter().enumerate()
    {
        let ticket = loam::protocol::FileTicket {
            id: id as u32,
            name: name.into(),
            bytes: 0,
            correction: loam_core::file::Correction { date: Some(date(2020, 6, 3)), ..Default::default() },
            member: None,
        };
        let source = Arc::new(PathSource::open(&fixtures().join(name)).unwrap());
        library.insert(block_on(loam::session::open::open(&ticket, source)).unwrap());
    }
    // AM saw columns whose (c + 0.2 r) mod 64 lies below 32, PM the others: 36 km column 200 at row 85 is AM's, 230 PM's.
    let at = |column: i64| {
        Region::new(EaseWindow::new(Resolution::M03, column * 12, 85 * 12, 36, 36).unwrap()).unwrap()
    };
    let read = |region: &Region, quality| {
        Temperatures::read(&library, region, date(2020, 6, 3), quality, TbCase::BrightnessTemperature)
            .unwrap()
    };
    let (am, pm) = (read(&at(205), QualityRule::All), read(&at(230), QualityRule::All));
    assert_ne!(am.overpass, pm.overpass, "{:?} {:?}", am.overpass, pm.overpass);
    for found in [am, pm] {
        let [v, h] = found.coarse.unwrap();
        assert_eq!(v.reasons(), h.reasons(), "both channels or none");
        assert!(v.valid_count() > 0);
    }
    // Rows 4, 15, 26, ... are flagged as not acceptable: row 92 = 4 + 8 x 11.
    let flagged = Region::new(EaseWindow::new(Resolution::M03, 205 * 12, 92 * 12, 36, 12).unwrap()).unwrap();
    let count = |quality| {
        let [v, _] = read(&flagged, quality).coarse.unwrap();
        resample::nearest(&v, &flagged.window()).unwrap().valid_count()
    };
    assert!(count(QualityRule::All) > 0);
    assert_eq!(count(QualityRule::Recommended), 0);
}
