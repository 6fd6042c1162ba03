//! Days in names: of observation, of versions and of processing, several of a composite.

use jiff::civil::Date;

use crate::{DateOrigin, Granule, Problem, Product, Role};

/// Words before a date that is a version's or the processing's.
const NOT_OBSERVED: &[&str] = &[
    "v",
    "ver",
    "version",
    "r",
    "rel",
    "release",
    "rev",
    "revision",
    "proc",
    "processed",
    "created",
    "generated",
    "downloaded",
    "exported",
    "order",
    "job",
];

/// Whether the end of what stands before a number says that it is no day of observation: `_v20190101`, `release20190101`, `exported_20230105`.
fn is_version_prefix(before: &str) -> bool {
    let last = |text: &str| {
        let word = text.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        word.to_ascii_lowercase()
    };
    let word = last(before);
    if !word.is_empty() {
        return NOT_OBSERVED.contains(&word.as_str());
    }
    // Letters alone may be a place or a run before a sign: `r_20200603`.
    let word = last(before.trim_end_matches(['_', '-', ' ', '.']));
    word.len() > 2 && NOT_OBSERVED.contains(&word.as_str())
}

/// Words before or after a date that say that it is the processing's where the name has another: `20230105_export_soil_moisture_20200603`.
const PROCESSED: &[&str] = &["export", "exported", "processed", "downloaded"];

/// The first day of a name that gives several, and another: `soil_moisture_20200601_20200608`, `2020-06-01_to_2020-06-08`,
/// `20230105_soil_moisture_20200603`. What it is of is a composite, or one of them is that of processing. Days with a time of the day are
/// moments (`20200603T003512_20200604T000000`): of two of them the first counts, and neither says anything against a day.
#[must_use]
pub fn period_in(name: &str) -> Option<(Date, Date)> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let timed = |end: usize| {
        let rest = name.as_bytes().get(end..).unwrap_or_default();
        rest.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'T'))
            && rest.get(1).is_some_and(|b| b.is_ascii_digit() || b.eq_ignore_ascii_case(&b'x'))
    };
    let mut days = days_in(name).into_iter();
    let first = days.next()?;
    // From the first second of a day to the last one of another.
    let at = |day: &DayAt, time: &str| name.get(day.end..).is_some_and(|rest| rest.starts_with(time));
    let whole = |last: &DayAt| at(&first, "T000000") && at(last, "T235959");
    let other = days.find(|day| day.date != first.date && (!timed(day.end) || whole(day)))?;
    (!timed(first.end) || whole(&other)).then_some((first.date, other.date))
}

/// Words of names that say a map is made of several days.
const SEVERAL_DAYS: &[&str] = &[
    "monthly",
    "month",
    // ERA5's monthly means: `data_stream-moda.nc`.
    "moda",
    "weekly",
    "dekadal",
    "dekad",
    "decadal",
    "pentad",
    "fortnightly",
    "seasonal",
    "annual",
    "yearly",
    "composite",
    "3d",
    "3day",
    "3days",
    "5day",
    "5days",
    "7day",
    "7days",
    "8day",
    "8days",
    "10day",
    "10days",
    "14day",
    "15day",
    "16day",
    "16days",
    "30day",
    "30days",
    "8d",
    "10d",
    "16d",
    "32day",
];
/// Products of MODIS and VIIRS that are means of 8 days or of a month.
const MEAN_PRODUCTS: &[&str] = &[
    "mod11a2", "myd11a2", "mod11b2", "myd11b2", "mod11b3", "myd11b3", "mod11c2", "myd11c2", "mod11c3",
    "myd11c3", "vnp21a2", "vj121a2",
];

/// The word of a name that says its map is made of several days: `monthly`, `8day`, `MOD11A2`.
pub(crate) fn composite_in(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let single = words.iter().find(|w| SEVERAL_DAYS.contains(w) || MEAN_PRODUCTS.contains(w));
    // `8_day`, `8-days`.
    let parted = words.windows(2).find(|pair| {
        matches!(pair[1], "day" | "days" | "daily")
            && pair[0].parse().is_ok_and(|n: u32| (2..=366).contains(&n))
    });
    single.map(|word| (*word).to_owned()).or_else(|| parted.map(|pair| pair.join(" ")))
}

/// Says of a file that takes its day from its name, and whose name gives several, on which it counts; and of one that is a mean of several
/// days, by its name. SMAP's own names give the days of two satellites.
pub(crate) fn note_period(granule: &mut Granule) {
    let of_name = granule.date_origin == Some(DateOrigin::FileName) && granule.sentinel1_date.is_none();
    let used = granule.variables.iter().any(|v| v.role != Role::Other || v.is_unknown_map());
    if !used || granule.product == Product::OwnMap {
        return;
    }
    if let Some((first, other)) = period_in(&granule.file).filter(|(first, _)| granule.date == Some(*first))
        && of_name
    {
        let text = format!(
            "its name gives two days, {first} and {other}: it counts as the map of {first} alone. If it is a mean of the days between, or if that \
             is not the day it was observed, give it its day in the file list, or one day (YYYYMMDD) in its name"
        );
        granule.problems.push(Problem { text });
    } else if let Some(word) = composite_in(&granule.file) {
        let day = granule.date.map_or_else(|| "the days that are given".to_owned(), |day| day.to_string());
        let text = format!(
            "its name says \"{word}\": it is made of several days, not of one, and counts as the map of {day} alone. Use a map of one day where \
             there is one"
        );
        granule.problems.push(Problem { text });
    }
}

/// A day in a name, and where it ends.
struct DayAt {
    date: Date,
    start: usize,
    end: usize,
    /// Probably of the processing.
    processed: bool,
}

/// All days in a name, in order.
fn days_in(name: &str) -> Vec<DayAt> {
    let mut days: Vec<DayAt> = Vec::new();
    let mut from = 0;
    while let Some(rest) = name.get(from..) {
        let Some(day) = rest.char_indices().find_map(|(at, _)| day_at(name, from + at)) else { break };
        from = day.end;
        days.push(day);
    }
    if days.iter().any(|day| !day.processed) {
        days.retain(|day| !day.processed);
    }
    days
}

/// The day that begins at a place of a text.
fn day_at(name: &str, at: usize) -> Option<DayAt> {
    let bytes = name.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let inside = at.checked_sub(1).is_some_and(is_digit);
    if inside || !is_digit(at) || is_version_prefix(name.get(..at)?) {
        return None;
    }
    let digits = bytes.get(at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    let before = name.get(..at)?.to_ascii_lowercase();
    let of_year = before.ends_with("doy")
        || before.strip_suffix('a').is_some_and(|b| !b.ends_with(|c: char| c.is_ascii_alphanumeric()));
    let (date, length) = match digits {
        // A day; with its hour, minutes, seconds.
        8 | 12 | 14 => (compact_date(name.get(at..at + 8)?)?, digits),
        7 | 13 if of_year => (ordinal_date(name.get(at..at + 7)?)?, digits),
        4 => (separated_date(bytes.get(at..at + 10)?)?, 10),
        1 | 2 => written_date(name.get(at..)?, digits)?,
        _ => return None,
    };
    let end = at + length;
    let signs = ['_', '-', ' '];
    let after = name.get(end..).unwrap_or_default().trim_start_matches(signs);
    let after = after.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let before = before.trim_end_matches(signs).rsplit(|c: char| !c.is_ascii_alphabetic()).next();
    let processed = PROCESSED.iter().any(|w| after.eq_ignore_ascii_case(w) || before == Some(*w));
    (!is_digit(end)).then_some(DayAt { date, start: at, end, processed })
}

/// `22May2020`, as SNAP names the bands of a stack, and `3-Jun-2020`: the day, and how long it is.
fn written_date(text: &str, digits: usize) -> Option<(Date, usize)> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let sign = usize::from(text.get(digits..)?.starts_with(['-', '_', ' ']));
    let month_at = digits + sign;
    let name = text.get(month_at..month_at + 3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| *m == name)? + 1;
    let year_at = month_at + 3 + sign;
    let between = text.get(month_at + 3..year_at)?;
    let year = text.get(year_at..year_at + 4)?;
    if between != text.get(digits..month_at)? || !year.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((civil(year.parse().ok()?, month as i8, text.get(..digits)?.parse().ok()?)?, year_at + 4))
}

/// The first plausible day anywhere in a text: `YYYYMMDD` as a run of exactly eight digits (a time `T153000` may follow), or year and day
/// of the year behind `doy` or `A` (`doy2020153`, AppEEARS; `MOD11A1.A2020153`, MODIS), else `YYYY-MM-DD`, `YYYY_MM_DD` or `YYYY.MM.DD`, else
/// `22May2020`. Years 1978 (the first satellite microwave records) to 2099. A version's date (`v20190101`) is none.
#[must_use]
pub fn date_in(name: &str) -> Option<Date> {
    let days = days_in(name);
    let of = |fits: &dyn Fn(&str) -> bool| {
        days.iter().find(|day| name.get(day.start..day.end).is_some_and(fits)).map(|day| day.date)
    };
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let has_letters = |text: &str| text.bytes().any(|b| b.is_ascii_alphabetic());
    of(&is_number).or_else(|| of(&|text| !has_letters(text))).or_else(|| of(&has_letters))
}

/// Day of a date-time as metadata write it: `2015-03-31T17:06:40.000Z`, `20150331T170640`.
#[must_use]
pub fn date_of_time(text: &str) -> Option<Date> {
    let text = text.trim();
    text.as_bytes().get(..10).and_then(separated_date).or_else(|| compact_date(text.get(..8)?))
}

pub(super) fn compact_date(digits: &str) -> Option<Date> {
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    civil(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?)
}

/// `2020153`: the 153rd day of 2020.
fn ordinal_date(digits: &str) -> Option<Date> {
    let first = civil(digits.get(..4)?.parse().ok()?, 1, 1)?;
    let day: i16 = digits.get(4..)?.parse().ok()?;
    first.with().day_of_year(day).build().ok()
}

fn separated_date(text: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, a, m1, m2, b, d1, d2] = *<&[u8; 10]>::try_from(text).ok()?;
    if a != b || !matches!(a, b'-' | b'_' | b'.') {
        return None;
    }
    compact_date(std::str::from_utf8(&[y1, y2, y3, y4, m1, m2, d1, d2]).ok()?)
}

fn civil(year: i16, month: i8, day: i8) -> Option<Date> {
    if (1978..=2099).contains(&year) { Date::new(year, month, day).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_version_is_no_day() {
        for (name, day) in [
            ("soil_moisture_v20190101_20200603.tif", Some(date(2020, 6, 3))),
            ("soil_moisture_20200603_v20210101.tif", Some(date(2020, 6, 3))),
            ("sm_release20190101_20200603.tif", Some(date(2020, 6, 3))),
            ("SM_R20190101.20200603.nc", Some(date(2020, 6, 3))),
            ("okc_rev20190101_20200603T120000.tif", Some(date(2020, 6, 3))),
            ("soil_moisture_v20190101.tif", None),
            ("vv20200603.tif", Some(date(2020, 6, 3))),
            ("river20200603.tif", Some(date(2020, 6, 3))),
        ] {
            assert_eq!(date_in(name), day, "{name}");
            assert_eq!(period_in(name), None, "{name}");
        }
    }

    #[test]
    fn two_days_are_a_period() {
        let weeks = Some((date(2020, 6, 1), date(2020, 6, 8)));
        for name in [
            "soil_moisture_20200601_20200608.tif",
            "sm_20200601-20200608_mean.nc",
            "sm_20200601_to_20200608.tif",
            "sm_20200601to20200608.tif",
            "soil_moisture_2020-06-01_2020-06-08.tif",
            "2020-06-01-00_00_2020-06-08-23_59_Sentinel-1_IW_VV+VH_VV_-_linear_gamma0.tiff",
            "SM_RE07_MIR_CLF31D_20200601T000000_20200608T235959_300_001_7.DBL.nc",
        ] {
            assert_eq!(period_in(name), weeks, "{name}");
            assert_eq!(date_in(name), Some(date(2020, 6, 1)), "{name}");
        }
        for name in [
            "S1A_IW_GRDH_1SDV_20200603T003512_20200603T003537_032842_VV.tif",
            "OPERA_L2_RTC-S1_T028-059007-IW1_20200603T003512Z_20200604T000000Z_S1A_30_v1.0_VV.tif",
            "soil_moisture_20200603_20200603.tif",
            "SM_RE07_MIR_CLF31A_20200603T000000_20200603T235959_300_001_7.DBL.nc",
            "soil_moisture_20200603_12345678.tif",
            "20230105_export_soil_moisture_20200603.tif",
            "soil_moisture_20200603_exported_20230105.tif",
            "MOD11A1.A2020155.h09v05.061.2020156143000.tif",
            "soil_moisture_20200603.tif",
        ] {
            assert_eq!(period_in(name), None, "{name}");
        }
        let made = "ab20210101cd_soil_moisture_20200603.tif";
        assert_eq!(
            period_in(made),
            Some((date(2021, 1, 1), date(2020, 6, 3))),
            "the second may be the earlier"
        );
    }

    #[test]
    fn days_are_found_as_programs_write_them() {
        for (name, day) in [
            ("Sigma0_VV_slv1_03Jun2020", Some(date(2020, 6, 3))),
            ("soil_moisture_3-Jun-2020.tif", Some(date(2020, 6, 3))),
            ("soil_moisture_22May2020_20200603.tif", Some(date(2020, 6, 3))),
            ("20230105_export_soil_moisture_20200603.tif", Some(date(2020, 6, 3))),
            ("order_20191231_soil_moisture_doy2020155.tif", Some(date(2020, 6, 3))),
            ("okc_smap_export_20200603.tif", Some(date(2020, 6, 3))),
            ("20200603_export.tif", Some(date(2020, 6, 3))),
            ("plot12_March2020.tif", None),
            ("soil_moisture_2020060.tif", None),
        ] {
            assert_eq!(date_in(name), day, "{name}");
        }
    }

    #[test]
    fn maps_of_several_days_are_known_by_their_names() {
        for (name, word) in [
            ("C3S-SOILMOISTURE-L3S-SSMV-COMBINED-MONTHLY-20200601000000-TCDR-v202012.0.0.nc", "monthly"),
            ("MOD11A2.061_LST_Day_1km_doy2020153000000_aid0001.tif", "mod11a2"),
            ("soil_moisture_8-day_20200601.tif", "8 day"),
            ("soil_moisture_weekly_20200601.tif", "weekly"),
        ] {
            assert_eq!(composite_in(name).as_deref(), Some(word), "{name}");
        }
        for name in
            ["MOD11A1.061_LST_Day_1km_doy2020153000000_aid0001.tif", "soil_moisture_1_day_20200601.tif"]
        {
            assert_eq!(composite_in(name), None, "{name}");
        }
    }
}
