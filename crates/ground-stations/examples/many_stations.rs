//! How fast stations are read: `cargo run --release -p ground-stations --example many_stations -- FOLDER [STATIONS] [YEARS]` writes that many
//! simulated stations with hourly records (200 of 10 years: 17.5 million) into an empty or new FOLDER; with a FOLDER or archive that is there it reads, and
//! prints seconds and the most memory used.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use ground_stations::{Reader, time};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(arguments.first().ok_or("name a folder")?);
    let number = |n: usize, default: usize| arguments.get(n).map_or(Ok(default), |text| text.parse());
    if folder.exists() { read(folder) } else { Ok(write(folder, number(1, 200)?, number(2, 10)?)?) }
}

fn read(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let mut reader = Reader::new();
    reader.add_path(path)?;
    let stations = reader.read();
    let records: usize = stations.sensors.iter().map(|sensor| sensor.records.len()).sum();
    let sum: f64 = stations.sensors.iter().map(|sensor| sensor.records.summary().sum).sum();
    println!(
        "{} sensors, {records} records, sum {sum:.3}, {} left out, {:.1} s",
        stations.sensors.len(),
        stations.left_out.len(),
        start.elapsed().as_secs_f64()
    );
    // Linux says what it was at most.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    Ok(())
}

fn write(folder: &Path, stations: usize, years: usize) -> std::io::Result<()> {
    let first = time::day_number(2010, 1, 1).unwrap_or(0);
    for station in 0..stations {
        let inside = folder.join(format!("SIMULATED/S{station:03}"));
        std::fs::create_dir_all(&inside)?;
        let name = format!(
            "SIMULATED_SIMULATED_S{station:03}_sm_0.050000_0.050000_Hydraprobe_20100101_20191231.stm"
        );
        let mut file = std::io::BufWriter::new(std::fs::File::create(inside.join(name))?);
        let (latitude, longitude) = (30.0 + 0.05 * station as f64, -100.0 + 0.04 * station as f64);
        write!(
            file,
            "SIMULATED SIMULATED S{station:03} {latitude:.5} {longitude:.5} 300.00 0.05 0.05 Hydraprobe\r\n"
        )?;
        for hour in 0..(years * 365 + years / 4) * 24 {
            let minutes = first * time::DAY + i32::try_from(hour).unwrap_or(0) * 60;
            let t = time::civil(minutes);
            let value = 0.2 + 0.1 * (hour as f64 / 1400.0 + station as f64).sin();
            let flag = if hour % 50 == 7 { "D03,D05" } else { "G" };
            write!(
                file,
                "{:04}/{:02}/{:02} {:02}:{:02}   {value:.4} {flag} M\r\n",
                t.year(),
                t.month(),
                t.day(),
                t.hour(),
                t.minute()
            )?;
        }
        file.flush()?;
    }
    Ok(())
}
