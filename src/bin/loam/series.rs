//! The days of a region from the command line, with a progress bar.

use loam_core::stack::{Content, Entry, Library, Series};

/// Loads a series with a progress bar, and fills days that have backscatter but no 3 km map.
pub fn load(series: &mut Series, library: &Library) -> super::Outcome {
    let dates = library.dates();
    let bar = super::progress::bar(dates.len() as u64, "reading");
    for date in dates {
        series.load(library, date)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    for (file, why) in &series.failures {
        // Of a file that the user insists on nothing is left out.
        let insisted = |entry: &Entry| {
            entry.correction.usage.is_some()
                && matches!(&entry.content, Content::File(granule) if granule.file == *file)
        };
        if library.iter().any(insisted) {
            return Err(format!("{file}: {why}").into());
        }
        eprintln!("left out: {file}: {why}");
    }
    if let Some(note) = series.note_shadowed() {
        eprintln!("note: {note}");
    }
    if let Some(Err(why)) = series.fill_gaps() {
        eprintln!("note: {why}");
    }
    Ok(())
}
