//! The days of a region from the command line, with a progress bar.

use loam_core::stack::Series;

/// Loads a series with a progress bar, and fills days that have backscatter but no 3 km map.
pub fn load(series: &mut Series, library: &loam_core::stack::Library) -> super::Outcome {
    let dates = library.dates();
    let bar = super::progress::bar(dates.len() as u64, "reading");
    for date in dates {
        series.load(library, date)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    for (file, why) in &series.failures {
        eprintln!("left out: {file}: {why}");
    }
    if let Some(Err(why)) = series.fill_gaps() {
        eprintln!("note: {why}");
    }
    Ok(())
}
