//! What a date has, in words.

use super::store::App;
use crate::protocol::DayReport;
use loam_core::file::FineOrigin;

/// `37 %`.
pub fn per_cent(share: Option<f32>, none: &str) -> String {
    share.map_or_else(|| none.to_owned(), |s| format!("{:.0} %", s * 100.0))
}

/// The chosen date.
pub fn chosen(app: App) -> Option<DayReport> {
    app.date.track();
    app.timeline.track();
    app.peek(|s| s.day().cloned())
}

/// Where a 3 km map comes from, after its name; nothing of the product itself.
pub fn origin(of: Option<FineOrigin>) -> &'static str {
    match of {
        Some(FineOrigin::Disaggregated) => ", disaggregated here",
        Some(FineOrigin::OwnMap) => ", a map that Loam made",
        Some(FineOrigin::Nisar) => ", NISAR",
        _ => "",
    }
}

/// The chosen date in one sentence.
pub fn describe(app: App) -> String {
    let Some(day) = chosen(app) else { return "no date".to_owned() };
    if let Some(pending) = app.pending.get() {
        return format!("{}: {pending}", day.date);
    }
    let fine = match day.fine_origin {
        Some(FineOrigin::Disaggregated) => "3 km map (disaggregated here) of ",
        Some(FineOrigin::OwnMap) => "3 km map (made by Loam) of ",
        Some(FineOrigin::Nisar) => "3 km map (NISAR) of ",
        _ => "3 km map of ",
    };
    let history = match (day.earlier, day.history.len()) {
        (Some(maps), _) => earlier(maps),
        (None, 0) => "no history".to_owned(),
        (None, n) => format!("history of {n} dates"),
    };
    let blocked = day.blocked.map(|b| format!("; cannot be predicted: {b}")).unwrap_or_default();
    format!(
        "{}: SMAP {}; {fine}{}; {history}{blocked}",
        day.date,
        per_cent(day.coarse, "none"),
        per_cent(day.fine, "none")
    )
}

/// How many maps a method has that learns from all of them.
pub fn earlier(maps: usize) -> String {
    match maps {
        0 => "no earlier 3 km map".to_owned(),
        1 => "1 earlier 3 km map".to_owned(),
        n => format!("{n} earlier 3 km maps"),
    }
}
