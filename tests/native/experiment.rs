//! Experiments from files, end to end: which dates are picked, that files and simulator give the same images, that a finished cell is kept
//! and the same seed gives the same numbers, and that the report hides nothing.

use std::path::Path;
use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use jiff::civil::{Date, date};
use loam::experiment::{
    ExperimentError, Gathered, Images, Kind, Options, Progress, Runner, Source, TbCell, csv, figure_2,
    markdown, paper, summary, tb_cnn, tb_markdown,
};
use loam::protocol::FileTicket;
use loam::session::open::open;
use loam_core::export::{Provenance, geotiff};
use loam_core::file::Correction;
use loam_core::simulate::{DEMO_SEED, Scene, Simulator, names};
use loam_core::stack::Library;
use loam_nn::block_on;
use loam_nn::tb_cnn::TbCase;
use smap_files::{Overpass, PathSource};

const REGION: &str = "tucson";

/// Simulated scenes written as GeoTIFFs, as `loam simulate` does, and read back as a user's files are.
fn library(folder: &Path, first: Date, last: Date) -> Library {
    let scene = Scene { first, last, ..Scene::preset(REGION, DEMO_SEED).unwrap() };
    let (mut library, mut id) = (Library::default(), 0);
    for day in Simulator::new(scene) {
        let layers = [
            (names::coarse(day.date, Overpass::Am), &day.am),
            (names::coarse(day.date, Overpass::Pm), &day.pm),
            (names::fine(day.date), &day.fine),
        ];
        for (name, raster) in layers {
            let Some(raster) = raster else { continue };
            let provenance = Provenance {
                date: Some(day.date),
                simulated: true,
                ..Provenance::new("soil moisture, simulated", "m3/m3")
            };
            let path = folder.join(&name);
            std::fs::write(&path, geotiff::write(raster, &provenance, None).unwrap()).unwrap();
            id += 1;
            let ticket = FileTicket {
                id,
                name,
                bytes: std::fs::metadata(&path).unwrap().len(),
                correction: Correction::default(),
                member: None,
            };
            library.insert(block_on(open(&ticket, Arc::new(PathSource::open(&path).unwrap()))).unwrap());
        }
    }
    library
}

/// An interrupted training resumes there and ends with the same weights; a checkpoint of another training is reported and not used.
#[test]
fn an_interrupted_cell_resumes() {
    let files = tempfile::tempdir().unwrap();
    let source = Source::Files(Box::new(library(files.path(), date(2017, 3, 1), date(2018, 3, 1))));
    let images = Images { region: REGION.into(), train: 4, test: 3, source: source.tag() };
    let options = Options { epochs: 3, ..Options::default() };
    let cell = |seed| loam::experiment::Cell {
        images: images.clone(),
        inputs: loam_core::network::Inputs::Spatiotemporal,
        epochs: options.epochs,
        batch: options.batch,
        learning_rate: options.learning_rate,
        seed,
        gpu: false,
    };
    let run = |folder: &Path, seed, tear_at: usize| {
        let heard = Mutex::new((String::new(), usize::MAX));
        let listen = |_: usize, progress: Progress| match progress {
            Progress::Begun(what, _) => heard.lock().unwrap().0 = what,
            Progress::Step(n) => {
                assert!(n < tear_at, "torn off");
                let first = &mut heard.lock().unwrap().1;
                *first = (*first).min(n);
            }
            _ => {}
        };
        let mut runner = Runner::new(source.clone(), folder.to_owned(), Device::flex(), "CPU".into(), listen);
        runner.kept_every = std::time::Duration::ZERO;
        let result =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runner.cell(&cell(seed)).unwrap()));
        drop(runner);
        (result.ok(), heard.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    };
    let (whole, torn) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (Some(expected), (_, 1)) = run(whole.path(), 0, usize::MAX) else {
        panic!("no result, or not from the first step")
    };
    assert!(run(torn.path(), 0, 5).0.is_none());
    let (gone_on, (what, first)) = run(torn.path(), 0, usize::MAX);
    let gone_on = gone_on.unwrap();
    assert!(what.contains("resumed after step 5") && first == 6, "{what}, first step {first}");
    assert_eq!((&gone_on.weights, &gone_on.smen), (&expected.weights, &expected.smen));
    assert!(
        std::fs::read_dir(torn.path()).unwrap().all(|file| !file
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("checkpoint"))
    );
    // Of other images by the same name.
    let other = tempfile::tempdir().unwrap();
    assert!(run(other.path(), 0, 5).0.is_none());
    let file = other.path().join(format!("{}.checkpoint", cell(0).key()));
    let mut checkpoint = loam_nn::Checkpoint::from_bytes(&std::fs::read(&file).unwrap()).unwrap();
    let range = checkpoint
        .now
        .metadata
        .iter_mut()
        .find(|(key, _)| key.contains("range"))
        .expect("no range of inputs in the weights");
    range.1.push('1');
    std::fs::write(&file, checkpoint.to_bytes()).unwrap();
    let (again, (what, first)) = run(other.path(), 0, usize::MAX);
    assert!(
        first == 1 && what.contains("from the beginning") && what.contains("other images"),
        "{what}, first step {first}"
    );
    assert_eq!(again.unwrap().weights, expected.weights);
    // Half a file.
    let file = torn.path().join(format!("{}.checkpoint", cell(1).key()));
    std::fs::write(&file, b"half").unwrap();
    let (result, (what, first)) = run(torn.path(), 1, usize::MAX);
    assert!(
        result.is_some() && first == 1 && what.contains("from the beginning") && !file.exists(),
        "{what}"
    );
}

#[test]
fn from_a_folder_of_files_to_a_report() {
    let files = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let source = Source::Files(Box::new(library(files.path(), date(2017, 3, 1), date(2018, 3, 1))));
    let images = Images { region: REGION.into(), train: 4, test: 3, source: source.tag() };
    let gathered = Gathered::new(&source, &images).unwrap();
    assert!(gathered.simulated, "files that say so stay simulated");
    assert!(!gathered.train.is_empty() && !gathered.test.is_empty());
    assert!(
        gathered.train.iter().all(|c| c.date < paper::TEST_FROM)
            && gathered.test.iter().all(|c| c.date >= paper::TEST_FROM)
    );
    for case in gathered.train.iter().chain(&gathered.test) {
        assert!(case.scored_pixels() >= 100);
        // What counts exists in every map that is compared.
        assert!(case.pixels().all(|p| case.target[p].is_finite()
            && case.bilinear[p].is_finite()
            && case.bicubic[p].is_finite()));
        assert!(case.coarse.iter().chain(&case.residuals).all(|v| v.is_finite()));
        // D = J - Z, so where a residual is known, Z is.
        let n = case.len();
        assert!((0..4 * n).all(|i| case.residuals[i] == 0.0 || case.past[i].is_finite()));
    }
    // No training date is history of a test date: at least 4 dates lie between, or were used up as gap.
    let last_train = gathered.train.last().unwrap().date;
    assert!(
        gathered.notes.iter().any(|note| note.contains("history of test dates")),
        "{:?} {last_train}",
        gathered.notes
    );

    let begun = Mutex::new(Vec::new());
    let taken = || std::mem::take(&mut *begun.lock().unwrap());
    let listen = |_: usize, progress: Progress| {
        if let Progress::Begun(what, _) = progress {
            begun.lock().unwrap().push(what);
        }
    };
    let options = Options { epochs: 1, seeds: 1, regions: vec![REGION.into()], ..Options::default() };
    let runner = || Runner::new(source.clone(), out.path().to_owned(), Device::flex(), "CPU".into(), listen);
    let run = || runner().table(Kind::Table1, &options).unwrap();
    let nothing = Options { images: vec![7], ..options.clone() };
    assert!(matches!(runner().table(Kind::Table3, &nothing), Err(ExperimentError::NoRows(_))));
    let nowhere = Options { regions: vec!["atlantis".into()], ..options.clone() };
    let error = figure_2(&mut runner(), &nowhere, &out.path().join("none.png")).unwrap_err();
    assert!(error.to_string().contains("Figure 2") && !out.path().join("none.png").exists(), "{error}");
    let first = run();
    let work = taken();
    assert_eq!(work.len(), 4, "forest, LSTM, methods of every earlier map, SMEN: {work:?}");
    let regression = "pixel regression (every earlier map)";
    assert!(first.rows[0].methods.iter().any(|method| method.name == regression));
    let again = run();
    assert_eq!(again, first);
    let work = taken();
    assert!(work.is_empty(), "a finished cell was computed again: {work:?}");
    // Baselines of a version that lacked a method: it is added, the others stay.
    let kept = std::fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.into_iter().find(|path| path.to_string_lossy().ends_with("baselines.json")).unwrap();
    let mut before: serde_json::Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    before["methods"].as_array_mut().unwrap().retain(|method| method["name"] != regression);
    std::fs::write(&kept, before.to_string()).unwrap();
    assert_eq!(run(), first);
    assert_eq!(taken().len(), 1);
    // Thrown away and trained again: the same numbers. (The baselines' own test has theirs.)
    for entry in std::fs::read_dir(out.path()).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().contains("baselines") {
            std::fs::remove_file(path).unwrap();
        }
    }
    // Two seeds of it side by side: each once, and no other numbers than one after the other.
    let two = Options { seeds: 2, ..options.clone() };
    let mut side_by_side = runner();
    side_by_side.compute_in_parallel(&[Kind::Table1, Kind::Figure2], &two).unwrap();
    let work = taken();
    assert_eq!(work.len(), 2, "a seed each: {work:?}");
    let both = side_by_side.table(Kind::Table1, &two).unwrap();
    assert!(taken().is_empty(), "what was computed in parallel was computed again");
    let by_seed = &both.rows[0].test.by_seed;
    assert!(by_seed[0] == first.rows[0].test.mean && by_seed[0] != by_seed[1], "{by_seed:?}");
    let mut again = run();
    again.rows[0].seconds = first.rows[0].seconds;
    assert_eq!(again, first);
    // Nothing is missing, nothing is made.
    side_by_side.compute_in_parallel(&[Kind::Table1], &two).unwrap();
    assert!(taken().is_empty());

    // Figure 2 of the same cell: three panels of 100 x 100 cells, two pixels a cell, and not all of one colour.
    let figure = out.path().join("figure2.png");
    let mut runner =
        Runner::new(source.clone(), out.path().to_owned(), Device::flex(), "CPU".into(), |_, progress| {
            assert!(!matches!(progress, Progress::Begun(..)), "trained again for the figure");
        });
    figure_2(&mut runner, &options, &figure).unwrap();
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&figure).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert!(info.width >= 3 * 200 && info.height >= 200, "{} x {}", info.width, info.height);
    let colours: std::collections::HashSet<&[u8]> = pixels.chunks_exact(3).collect();
    assert!(colours.len() > 50, "{} colours", colours.len());

    let row = &first.rows[0];
    assert_eq!(row.asked, (30, 10));
    assert!(
        row.found.0 < 30 && row.notes.iter().any(|n| n.contains("30 training images were asked for")),
        "{:?}",
        row.notes
    );
    let pixels: Vec<usize> = row.methods.iter().filter(|m| !m.partial).map(|m| m.pixels).collect();
    assert!(pixels.windows(2).all(|p| p[0] == p[1]) && pixels[0] > 300, "not the same pixels: {pixels:?}");
    // The shift makes block means agree; SMAP as is has them by definition (its part of a cut cell is constant).
    let mass = |name: &str| row.methods.iter().find(|m| m.name.contains(name)).unwrap().mass.unwrap();
    assert!(mass("SMAP as is") < 1e-6 && mass("blocks shifted") < mass("SMEN"));
    let (text, table) = (markdown(&first), csv(&first));
    for name in [
        "SMAP as is",
        "bilinear SMAP",
        "bicubic SMAP",
        "persistence",
        "history's residuals",
        "training residual",
        "random forest",
        "LSTM per pixel",
    ] {
        assert!(text.contains(name) && table.contains(name), "{name} is missing");
    }
    let short = summary(std::slice::from_ref(&first));
    assert!(
        short.contains("Tucson (SIMULATED)")
            && short.contains("SMEN beats ")
            && !short.contains("beats 8 of"),
        "{short}"
    );
    assert!(
        text.contains("SIMULATED") && text.contains("not the paper's training") && text.contains("0.034"),
        "{text}"
    );
    // After one epoch SMEN beats nothing, and the report says so.
    assert!(row.not_beaten().count() >= 5 && text.contains("SMEN does not beat"), "{text}");
}

#[test]
fn a_region_without_overlap_is_refused_with_counts() {
    let files = tempfile::tempdir().unwrap();
    let source = Source::Files(Box::new(library(files.path(), date(2017, 12, 20), date(2018, 1, 5))));
    for (region, text) in [
        (REGION, "Tucson: 0 dates before 2018-01-01"),
        ("geneva", "Geneva: 0 dates before 2018-01-01 and 0 from then on"),
    ] {
        let images = Images { region: region.into(), train: 30, test: 10, source: source.tag() };
        let error = Gathered::new(&source, &images).unwrap_err();
        assert!(matches!(error, ExperimentError::NoImages { .. }));
        assert!(error.to_string().starts_with(text), "{error}");
    }
    let images = Images { region: "atlantis".into(), train: 1, test: 1, source: source.tag() };
    assert!(matches!(Gathered::new(&source, &images), Err(ExperimentError::Region(_))));
}

#[test]
fn tables_have_the_papers_cells() {
    let source = Source::Simulated { seed: 7, contrast: 1.0 };
    let options = Options { seeds: 2, ..Options::default() };
    let rows = |kind: Kind| kind.rows(&options, &source);
    let images = |kind: Kind| {
        rows(kind).iter().map(|r| (r.cells[0].images.train, r.cells[0].images.test)).collect::<Vec<_>>()
    };
    assert_eq!(images(Kind::Table1), [(80, 50), (30, 10), (60, 30)]);
    assert_eq!(images(Kind::Table2), [(30, 10); 3]);
    assert_eq!(images(Kind::Table3), [(10, 10), (20, 10), (50, 10), (100, 10)]);
    assert!(
        rows(Kind::Table1)
            .iter()
            .all(|r| r.cells.len() == 2 && r.cells[1].seed == 1 && r.cells[0].epochs == 1000)
    );
    let some = Options { regions: vec!["geneva".into()], images: vec![20, 100], ..Options::default() };
    assert_eq!(
        Kind::Table1.rows(&some, &source).iter().map(|r| r.cells[0].images.train).collect::<Vec<_>>(),
        [60]
    );
    assert_eq!(
        Kind::Table3.rows(&some, &source).iter().map(|r| r.cells[0].images.train).collect::<Vec<_>>(),
        [20, 100]
    );
    // The cell that Tables 1 and 2 share is computed once.
    assert_eq!(rows(Kind::Table1)[1].cells[0].key(), rows(Kind::Table2)[2].cells[0].key());
    assert_ne!(rows(Kind::Table1)[1].cells[0].key(), rows(Kind::Table1)[1].cells[1].key());
    let other = Source::Simulated { seed: 7, contrast: 0.4 };
    assert_ne!(source.tag(), other.tag());
}

/// The TB CNN's result is kept like a table's cells: the second time nothing is trained.
#[test]
fn the_tb_cnns_result_is_kept() {
    let out = tempfile::tempdir().unwrap();
    let cell = TbCell {
        case: TbCase::BrightnessTemperature,
        region: REGION.into(),
        scene_seed: DEMO_SEED,
        seed: 0,
        epochs: 1,
    };
    let mut steps = 0;
    let first = tb_cnn(&cell, out.path(), |done, _| steps = done).unwrap();
    assert!(steps > 3 && first.images.0 > 20 && first.images.1 > 10, "{steps} steps, {:?}", first.images);
    assert_eq!(first.scores.len(), 6, "network, input as is and bilinear, V and H: {:?}", first.scores);
    assert!(
        first.scores.iter().all(|s| s.urmse > 0.0 && s.urmse < 60.0 && s.pixels > 1000),
        "{:?}",
        first.scores
    );
    let again = tb_cnn(&cell, out.path(), |_, _| panic!("trained again")).unwrap();
    assert_eq!(again, first);
    let text = tb_markdown(&cell, &again);
    assert!(
        text.contains("SIMULATED")
            && text.contains(" 1 epoch,")
            && text.contains(&first.images.0.to_string()),
        "{text}"
    );
    let other = TbCell { epochs: 2, ..cell.clone() };
    assert_ne!(other.key(), cell.key());
    assert_ne!(TbCell { case: TbCase::SoilMoisture, ..cell.clone() }.key(), cell.key());
}
