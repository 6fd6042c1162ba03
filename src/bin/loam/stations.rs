//! Files of stations from the command line: which they are, reading them with a progress bar, their description.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ground_stations::logger::{self, LoggerPlace};
use ground_stations::{Reader, Sensor, Stations, is_of_stations, time};
use serde_json::{Value, json};
use smap_files::{PathSource, SharedSource};

/// Paths that stand for stations, and the others. A folder with station files is of stations; with maps beside them it is both.
pub fn split(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut stations, mut others) = (Vec::new(), Vec::new());
    for path in paths {
        if path.is_dir() {
            let (parts, rest) = count(path);
            if parts > 0 {
                stations.push(path.clone());
            }
            if parts == 0 || rest > 0 {
                others.push(path.clone());
            }
        } else if of_stations(path) {
            stations.push(path.clone());
        } else {
            others.push(path.clone());
        }
    }
    (stations, others)
}

fn of_stations(path: &Path) -> bool {
    PathSource::open(path).is_ok_and(|source| {
        let source = Arc::new(source) as SharedSource;
        is_of_stations(&source) || (is_csv(path) && logger::preview(&source).is_ok())
    })
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// What a logger's own table looks like; printed too where no JSON is asked for. `None` for any other file.
fn describe_logger(path: &Path, name: &str, as_json: bool) -> Option<Value> {
    let source = Arc::new(PathSource::open(path).ok()?) as SharedSource;
    let preview = (is_csv(path) && !is_of_stations(&source)).then(|| logger::preview(&source).ok())??;
    if !as_json {
        say!("{name}");
        say!("  product    a logger's own table, by its column of times");
        say!("  columns    {}", preview.columns.join(", "));
        for row in &preview.rows {
            say!("  {}", row.join(" | "));
        }
        say!(
            "  `loam validate --logger` takes it with its place, depth, unit and UTC offset (docs/guide/ground.md)"
        );
    }
    Some(json!({ "file": name, "bytes": source.len(), "product": "logger table", "preview": preview }))
}

/// A file that belongs to a folder of stations by its name: it is described with them, not alone.
pub fn is_part(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    ground_stations::is_part(path)
        || name == "metadata.xml"
        || (name.ends_with(".zip") && of_stations(Path::new(path)))
}

/// Files of stations in a folder and below it, and other files.
fn count(folder: &Path) -> (usize, usize) {
    let (mut parts, mut rest) = (0, 0);
    let Ok(entries) = std::fs::read_dir(folder) else { return (0, 1) };
    for entry in entries.flatten().map(|entry| entry.path()) {
        let (a, b) = if entry.is_dir() && !entry.is_symlink() {
            count(&entry)
        } else if smap_files::companion::kind(&entry.to_string_lossy()).is_some() {
            (0, 0)
        } else if is_part(&entry.to_string_lossy()) {
            (1, 0)
        } else {
            (0, 1)
        };
        parts += a;
        rest += b;
    }
    (parts, rest)
}

/// Reads a file, archive or folder of stations.
pub fn read(path: &Path) -> Result<Stations, String> {
    let mut reader = Reader::new();
    reader.add_path(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let bar = super::progress::bar(1, "reading stations, kB");
    while let Some(progress) = reader.step() {
        bar.set_length(progress.total >> 10);
        bar.set_position(progress.done >> 10);
    }
    bar.finish_and_clear();
    Ok(reader.finish())
}

/// The description as JSON; printed too where no JSON is asked for.
pub fn describe(path: &Path, as_json: bool) -> Result<Value, String> {
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    if let Some(table) = describe_logger(path, &name, as_json) {
        return Ok(table);
    }
    let stations = read(path)?;
    for file in &stations.left_out {
        eprintln!("left out: {}: {}", file.file, file.why);
    }
    if stations.sensors.is_empty() {
        return Err(format!("{}: no station could be read", path.display()));
    }
    let problems: Vec<String> = stations.sensors.iter().flat_map(Sensor::problems).collect();
    if !as_json {
        say!("{name}{}", if stations.simulated() { " (SIMULATED)" } else { "" });
        say!("  product    stations of {}", stations.networks().join(", "));
        for problem in &problems {
            say!("  note       {problem}");
        }
        for sensor in &stations.sensors {
            print(sensor);
        }
    }
    let bytes = std::fs::metadata(path).ok().filter(|m| m.is_file()).map(|m| m.len());
    Ok(json!({
        "file": name,
        "bytes": bytes,
        "product": "stations",
        "networks": stations.networks(),
        "simulated": stations.simulated(),
        "sensors": stations.sensors.iter().map(sensor_json).collect::<Vec<_>>(),
        "left_out": stations.left_out,
        "problems": problems,
    }))
}

/// One sensor, with these keys for scripts.
fn sensor_json(sensor: &Sensor) -> Value {
    let summary = sensor.records.summary();
    json!({
        "network": sensor.network,
        "station": sensor.station,
        "lat": sensor.latitude,
        "lon": sensor.longitude,
        "elevation": sensor.elevation,
        "depth_from": sensor.depth_from,
        "depth_to": sensor.depth_to,
        "variable": sensor.variable.code(),
        "records": summary.records,
        "flags": summary.flags,
        "sum": summary.sum,
        "first": summary.first.map(time::text),
        "last": summary.last.map(time::text),
    })
}

fn print(sensor: &Sensor) {
    let summary = sensor.records.summary();
    let day = |minutes: Option<i32>| {
        minutes.map_or_else(|| "?".to_owned(), |m| time::text(m).chars().take(16).collect::<String>())
    };
    let flags: Vec<String> = summary.flags.iter().map(|(flag, n)| format!("{flag} {n}")).collect();
    say!(
        "  {}: {} at {:.5} N {:.5} E, {} records from {} to {} UTC, sum {:.3}",
        sensor.title(),
        sensor.variable.code(),
        sensor.latitude,
        sensor.longitude,
        summary.records,
        day(summary.first),
        day(summary.last),
        summary.sum
    );
    say!("    flags: {}", flags.join(", "));
}

/// The sensors of a logger's own table.
pub fn read_logger(path: &Path, place: &LoggerPlace) -> Result<Stations, String> {
    let wrong = |why: String| format!("{}: {why}", path.display());
    let source = PathSource::open(path)
        .map_err(|e| wrong(format!("the file cannot be opened ({e}): check the path")))?;
    let sensors = logger::read(&(Arc::new(source) as SharedSource), place);
    let mut stations = Stations::default();
    for sensor in sensors.map_err(|e| wrong(e.to_string()))? {
        stations.insert(sensor);
    }
    Ok(stations)
}
