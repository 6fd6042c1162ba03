//! `loam` as a user and a script meet it: exit codes, one-line refusals, JSON, and a training run that is killed and resumed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn loam() -> Command {
    Command::new(env!("CARGO_BIN_EXE_loam"))
}

pub(super) fn run(arguments: &[&str]) -> Output {
    loam().args(arguments).output().unwrap()
}

pub(super) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stdout)))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures").join(name)
}

/// Exit code 2 and one line that holds this.
pub(super) fn refused(output: &Output, holds: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.lines().count() == 1 && text.starts_with("error: ") && text.contains(holds), "{text}");
}

#[test]
fn inspect_describes_a_file_and_refuses_what_is_none() {
    let path = fixture("SMAP_L3_SM_P_20200602_R18290_001.h5");
    let described = run(&["inspect", path.to_str().unwrap(), "--json"]);
    assert!(described.status.success());
    let facts = json(&described);
    assert_eq!((facts["product"].as_str(), facts["date"].as_str()), (Some("SPL3SMP"), Some("2020-06-02")));
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.h5");
    std::fs::write(&empty, b"").unwrap();
    refused(&run(&["inspect", empty.to_str().unwrap(), "--json"]), "empty file (0 bytes)");
    refused(&run(&["inspect", "/nowhere/x.h5"]), "check the path");
}

#[test]
fn a_reader_that_has_enough_ends_the_program_without_a_word() {
    let path = fixture("SMAP_L3_SM_P_20200602_R18290_001.h5");
    let mut child = loam()
        .args(["inspect", path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn settings_that_start_from_weights_ask_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, out) = (folder.path().join("s.json"), folder.path().join("w.safetensors"));
    let train = |text: &str| {
        std::fs::write(&settings, text).unwrap();
        let (settings, out) = (settings.to_str().unwrap(), out.to_str().unwrap());
        run(&["train", "--simulated", "--region", "tucson", "--settings", settings, "--out", out])
    };
    refused(&train(r#"{"start": "current"}"#), "add --weights FILE");
    refused(&train(r#"{"learning_rate": 0}"#), "the learning rate is 0");
    refused(&train("{"), "not settings of a training run");
    assert!(!out.exists());
}

/// Several regions share one split by time, which their own shares of dates would not give.
#[test]
fn several_regions_ask_for_one_split() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("w.safetensors");
    let words = [
        "train",
        "--simulated",
        "--region",
        "tucson",
        "--region",
        "niamey",
        "--test-from",
        "2018-01-01",
        "--out",
        out.to_str().unwrap(),
    ];
    refused(&run(&words), "--validate-from");
    assert!(!out.exists());
    refused(
        &run(&["train", "--simulated", "--region", "atlantis", "--out", out.to_str().unwrap()]),
        "south-fork",
    );
}

/// A region without weights of its own gets the general ones, and both are said: which, and that they are trained on simulated scenes.
#[test]
fn a_prediction_without_weights_uses_the_shipped_ones_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("map.tif");
    let predict = |region: &str| {
        let words = [
            "predict",
            "--network",
            "smen",
            "--simulated",
            "--region",
            region,
            "--date",
            "2018-06-10",
            "--json",
            "--out",
            out.to_str().unwrap(),
        ];
        let output = run(&words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let report = predict("south-fork");
    assert_eq!(
        (&report["weights"]["name"], &report["weights"]["simulated"]),
        (&"General (shipped)".into(), &true.into())
    );
    assert!(
        report["warnings"].to_string().contains("the general ones are used, trained on simulated scenes"),
        "{report}"
    );
    // The range of the training inputs is known.
    assert!(report["applicability"].as_str().unwrap().contains("the range of the training"), "{report}");
    let report = predict("tucson");
    assert_eq!(report["weights"]["name"], "Tucson (shipped)");
    assert!(!report["warnings"].to_string().contains("are used"), "{report}");
}

/// What the command line says of a method that learns from all earlier maps, and of how sure it is.
#[test]
fn a_prediction_by_regression_says_how_sure_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (out, csv) = (folder.path().join("map.tif"), folder.path().join("map.csv"));
    let predict = |method: &str, more: &[&str]| {
        let words =
            ["predict", "--simulated", "--region", "tucson", "--date", "2018-06-10", "--method", method];
        let files = ["--out", out.to_str().unwrap(), "--csv", csv.to_str().unwrap()];
        let output = run(&[&words[..], &files, more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    };
    let report = json(&predict("regression", &["--json"]));
    let interval = &report["interval"];
    let dates = interval["calibrated_on_dates"].as_u64().unwrap();
    assert!(interval["level"] == 0.9 && dates >= 20, "{interval}");
    let mean = interval["half_width"]["mean"].as_f64().unwrap();
    assert!((0.005..0.15).contains(&mean), "{interval}");
    assert!(report["history"].as_array().unwrap().len() > 8);

    let said = String::from_utf8(predict("regression", &[]).stdout).unwrap();
    assert!(said.contains(&format!("90 % interval calibrated on {dates} earlier dates")), "{said}");
    assert!(said.contains("half-width: mean 0.0"), "{said}");
    let history: Vec<&str> = said.lines().filter(|line| line.contains("history")).collect();
    assert!(history.len() == 1 && history[0].contains(" earlier 3 km maps, 201"), "{history:?}");
    assert!(std::fs::read_to_string(&csv).unwrap().contains("# interval: 90 % interval calibrated on"));
    let granule = json(&run(&["inspect", "--json", out.to_str().unwrap()]));
    assert!(granule.to_string().contains("half_width_90"), "{granule}");

    assert!(json(&predict("bilinear", &["--json"]))["interval"].is_null());
}

/// The same weights, to the last bit, from a run of its own and from one that was killed and gone on with.
#[test]
fn a_killed_run_goes_on_to_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let settings = path("s.json");
    std::fs::write(
        &settings,
        r#"{"start": "scratch", "epochs": 2, "batch": 4, "checkpoint_steps": 2, "test_from": "2017-10-01"}"#,
    )
    .unwrap();
    let begin = |out: &str, kept: &str| {
        let mut command = loam();
        command.args([
            "train",
            "--simulated",
            "--region",
            "tucson",
            "--settings",
            &settings,
            "--json",
            "--out",
            out,
            "--keep",
            kept,
        ]);
        command
    };
    let whole = begin(&path("whole.safetensors"), &path("whole")).output().unwrap();
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let result: serde_json::Value =
        serde_json::from_slice(whole.stdout.split(|b| *b == b'\n').rfind(|l| !l.is_empty()).unwrap())
            .unwrap();
    assert_eq!(result["epochs"], 2);

    let mut child = begin(&path("killed.safetensors"), &path("killed"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let checkpoint = folder.path().join("killed/runs/run/b.checkpoint");
    let since = Instant::now();
    while !checkpoint.exists() {
        assert!(
            since.elapsed() < Duration::from_secs(300) && child.try_wait().unwrap().is_none(),
            "no checkpoint"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = run(&["train", "--resume", &path("killed"), "--out", &path("killed.safetensors")]);
    let said = String::from_utf8_lossy(&resumed.stderr);
    assert!(resumed.status.success() && said.contains("resuming at epoch"), "{said}");
    let read = |name: &str| std::fs::read(path(name)).unwrap();
    assert!(read("whole.safetensors") == read("killed.safetensors"), "the same bytes");
}

#[test]
fn a_network_without_shipped_weights_is_never_exported_as_another() {
    let words = ["export-model", "--region", "tucson", "--network", "tb-brightness", "--out", "none.onnx"];
    refused(&run(&words), "no weights of the");
}
