//! Many files at once: how fast the page opens them, with what memory, and whether its list stays usable.
//!
//! The number of files is small here, so that the test is short; `LOAM_MANY=1500` makes it the folder of years it stands for, and
//! `LOAM_DIST` names another build to compare with.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::app::{App, Setting};
use e2e::{parts, turn};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(300);

/// Counts what the worker reads.
const HOOK: &str = "
    const read = FileReaderSync.prototype.readAsArrayBuffer;
    const seen = { reads: 0, bytes: 0, ms: 0 };
    FileReaderSync.prototype.readAsArrayBuffer = function (blob) {
      const from = performance.now();
      try { return read.call(this, blob); } finally {
        seen.reads += 1; seen.bytes += blob.size; seen.ms += performance.now() - from;
      }
    };
    new BroadcastChannel('e2e').onmessage = () => new BroadcastChannel('e2e-reads').postMessage(seen);
";

fn fixtures() -> PathBuf {
    xtask::root().join("crates/smap-files/tests/fixtures")
}

fn count(otherwise: usize) -> usize {
    std::env::var("LOAM_MANY").ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

fn dist() -> PathBuf {
    std::env::var_os("LOAM_DIST").map_or_else(xtask::dist_dir, PathBuf::from)
}

/// Names with a date of their own each, from 2015-04-01 on: twelve months of 28 days.
fn date(n: usize) -> String {
    let (year, month, day) = (2015 + n / 336, n / 28 % 12 + 1, n % 28 + 1);
    format!("{year}{month:02}{day:02}")
}

fn folder(name: &str, files: impl Iterator<Item = (PathBuf, String)>) -> PathBuf {
    let folder = xtask::target_dir().join("e2e").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    // As the granule says itself, too.
    let day = |name: &str| name.split('_').find(|w| w.len() == 8 && w.starts_with("20")).map(str::to_owned);
    let dashed = |d: &str| format!("{}-{}-{}", &d[..4], &d[4..6], &d[6..]).into_bytes();
    let mut last: Option<(PathBuf, Vec<u8>, Vec<usize>)> = None;
    for (from, name) in files {
        // Read and searched once, however many are made of it.
        if last.as_ref().is_none_or(|(of, ..)| *of != from) {
            let bytes = std::fs::read(&from).unwrap();
            let own = from.file_name().and_then(|n| day(&n.to_string_lossy()));
            let places = own.map_or_else(Vec::new, |own| {
                let own = dashed(&own);
                (0..bytes.len().saturating_sub(10)).filter(|at| bytes[*at..].starts_with(&own)).collect()
            });
            last = Some((from.clone(), bytes, places));
        }
        let Some((_, bytes, places)) = &mut last else { continue };
        if let Some(new) = day(&name) {
            for at in places {
                bytes[*at..*at + 10].copy_from_slice(&dashed(&new));
            }
        }
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    folder
}

fn open_counting(name: &str) -> App {
    let copy = xtask::target_dir().join("e2e").join(format!("{name}-dist"));
    let _ = std::fs::remove_dir_all(&copy);
    e2e::app::copy_all(&dist(), &copy).unwrap();
    e2e::app::prepend(&e2e::app::loader(&copy, "worker-cpu").unwrap(), HOOK).unwrap();
    let app = App::open_from(&copy, name, Setting::smen()).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    app
}

fn drop_folder(app: &App, folder: &Path) {
    for kind in ["dragEnter", "dragOver", "drop"] {
        let data = json!({ "items": [], "files": [folder], "dragOperationsMask": 1 });
        app.session
            .devtools("Input.dispatchDragEvent", &json!({ "type": kind, "x": 600, "y": 400, "data": data }))
            .unwrap();
    }
}

/// Drops a folder of `n` files and waits until they are read; prints what it took.
fn measure(app: &App, what: &str, folder: &Path, n: usize) -> f64 {
    let before = app.largest_renderer("VmRSS").unwrap();
    app.forget_longtasks().unwrap();
    let start = Instant::now();
    drop_folder(app, folder);
    app.text_when("#files-title .num", PATIENCE, |text| text.trim() == n.to_string()).unwrap();
    let listed = start.elapsed().as_secs_f64();
    app.wait(PATIENCE, "the reading to end", || {
        Ok(app.session.find("#stop-reading")?.is_none().then_some(()))
    })
    .unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let reads = app
        .session
        .script(
            "return new Promise(done => {
                const back = new BroadcastChannel('e2e-reads');
                back.onmessage = e => { back.close(); done(e.data); };
                new BroadcastChannel('e2e').postMessage('now');
            })",
            &[],
        )
        .unwrap();
    let (peak, after) = (app.largest_renderer("VmHWM").unwrap(), app.largest_renderer("VmRSS").unwrap());
    println!(
        "{what}: {n} files in {seconds:.2} s ({:.0} a second; listed after {listed:.2} s), {} reads of {:.1} MB in {:.0} ms, longest task {:.0} ms, \
         memory {} MB before, {} after, peak {}",
        n as f64 / seconds,
        reads["reads"],
        reads["bytes"].as_f64().unwrap_or_default() / 1e6,
        reads["ms"].as_f64().unwrap_or_default(),
        app.longest_task().unwrap(),
        before >> 20,
        after >> 20,
        peak >> 20,
    );
    app.shoot("list").unwrap();
    seconds
}

#[test]
fn many_small_files_open_soon() {
    let _alone = turn::alone();
    let n = count(200);
    let source = fixtures().join("MOD11A1.061_LST_Day_1km_doy2020154_aid0001.tif");
    let small = std::env::var_os("LOAM_SMALL").map_or(source, PathBuf::from);
    let folder = folder("small", (0..n).map(|i| (small.clone(), format!("soil_moisture_{}.tif", date(i)))));
    let app = open_counting("many-small");
    measure(&app, "small GeoTIFFs", &folder, n);
}

#[test]
fn many_granules_open_soon_and_are_listed_by_month() {
    let _alone = turn::alone();
    let n = count(60);
    let source = fixtures().join("SMAP_L3_SM_P_20200602_R18290_001.h5");
    let granule = std::env::var_os("LOAM_GRANULE").map_or(source, PathBuf::from);
    let folder = folder(
        "granules",
        (0..n).map(|i| (granule.clone(), format!("SMAP_L3_SM_P_{}_R18290_001.h5", date(i)))),
    );
    let app = open_counting("many-granules");
    measure(&app, "granules", &folder, n);
    let heads = || {
        app.session.script(
            "return [...document.querySelectorAll('section.files tbody th[colspan]')].map(e => e.innerText)",
            &[],
        )
    };
    let heads = heads().unwrap();
    let first = heads[0].as_str().unwrap_or_default();
    assert!(first.contains("SPL3SMP 2015-01") && first.ends_with("28"), "{heads}");
    assert!(!app.has(parts::FILE_ROW).unwrap(), "only what was not read is shown at once");
    app.click("section.files tbody th[colspan] button").unwrap();
    app.wait(PATIENCE, "the rows of a month", || {
        Ok((app.session.find_all(parts::FILE_ROW)?.len() == 28).then_some(()))
    })
    .unwrap();
    app.shoot("open").unwrap();
    // Every date is on the time line.
    app.wait(PATIENCE, "the time line", || {
        let days = app.session.script("return document.querySelector('canvas.strip')?.ariaValueMax", &[])?;
        Ok((days.as_str() == Some(&n.to_string())).then_some(()))
    })
    .unwrap();
}

/// Simulated stations with hourly records, as an archive of the ISMN has them.
fn stations(n: usize, years: usize) -> PathBuf {
    let folder = xtask::target_dir().join("e2e").join("many-stations");
    let _ = std::fs::remove_dir_all(&folder);
    for station in 0..n {
        let inside = folder.join(format!("SIMULATED/S{station:03}"));
        std::fs::create_dir_all(&inside).unwrap();
        let place = format!("{:.5} {:.5}", 30.0 + 0.05 * station as f64, -100.0 + 0.04 * station as f64);
        let mut text = format!("SIMULATED SIMULATED S{station:03} {place} 300.00 0.05 0.05 Probe\r\n");
        for hour in 0..years * 8760 {
            let (day, year) = (hour / 24 % 365, 2010 + hour / 8760);
            let value = 0.2 + 0.1 * (hour as f64 / 1400.0 + station as f64).sin();
            let (month, day) = (day / 28 % 12 + 1, day % 28 + 1);
            text += &format!("{year}/{month:02}/{day:02} {:02}:00   {value:.4} G M\r\n", hour % 24);
        }
        let name =
            format!("SIMULATED_SIMULATED_S{station:03}_sm_0.050000_0.050000_Probe_20100101_20191231.stm");
        std::fs::write(inside.join(name), text).unwrap();
    }
    folder
}

/// `LOAM_STATIONS=200` makes it ten years of 200 stations, 17 million records.
#[test]
fn a_large_archive_of_stations_opens_with_progress_and_cancels() {
    let _alone = turn::alone();
    let large = std::env::var("LOAM_STATIONS").ok().and_then(|n| n.parse().ok());
    let (n, years) = large.map_or((12, 4), |n| (n, 10));
    let folder = stations(n, years);
    let open = || {
        let app = App::open("many-stations", Setting::default()).unwrap();
        app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
        app
    };
    // Cancelled while it reads: the page is free again.
    let app = open();
    let cancel = "
        window.cancelled = new Promise(done => {
            const look = () => {
                const stop = document.querySelector('#stop-ground');
                const said = document.querySelector('.ground .job')?.innerText ?? '';
                if (!stop || !said.includes(' of ')) return requestAnimationFrame(look);
                const start = performance.now();
                const gone = () => document.querySelector('#stop-ground')
                    ? requestAnimationFrame(gone)
                    : done([said, performance.now() - start]);
                stop.click();
                gone();
            };
            look();
        });";
    app.session.script(cancel, &[]).unwrap();
    drop_folder(&app, &folder);
    let answer = app.session.script("return window.cancelled", &[]).unwrap();
    let (said, took) = (answer[0].as_str().unwrap(), answer[1].as_f64().unwrap());
    println!("cancelled in {took:.0} ms at “{said}”");
    assert!(said.contains("reading stations"), "{said}");
    assert!(took < 2_000.0, "cancelling took {took} ms");
    assert!(app.session.find_all("#station-list [data-station]").unwrap().len() < n, "not all were read");
    drop(app);
    let app = open();
    app.forget_longtasks().unwrap();
    let before = app.largest_renderer("VmRSS").unwrap();
    let start = Instant::now();
    drop_folder(&app, &folder);
    app.wait(PATIENCE, "all stations", || {
        Ok((app.session.find_all("#station-list [data-station]")?.len() == n).then_some(()))
    })
    .unwrap();
    println!(
        "{n} stations, {} records in {:.1} s, longest task {:.0} ms, memory {} MB before, peak {}",
        n * years * 8760,
        start.elapsed().as_secs_f64(),
        app.longest_task().unwrap(),
        before >> 20,
        app.largest_renderer("VmHWM").unwrap() >> 20,
    );
    app.shoot("list").unwrap();
    let _ = std::fs::remove_dir_all(&folder);
}
