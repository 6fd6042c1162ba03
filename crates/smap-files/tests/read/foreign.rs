//! Files as people really have them: each as ../shared/data/foreign/EXPECT.tsv says.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use smap_files::{BackscatterScale, Granule, PathSource, QualityRule, ReadOptions, Role, Variable};

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/foreign");
    if folder.join("EXPECT.tsv").exists() {
        Some(folder)
    } else {
        eprintln!("skipped EXPECT.tsv: ../shared/data/foreign/EXPECT.tsv is not here");
        None
    }
}

fn open(path: &std::path::Path) -> Result<Granule, String> {
    smap_files::open(Arc::new(PathSource::open(path).unwrap())).map_err(|e| e.to_string())
}

/// A field of a tab-separated line in quotes, with doubled quotes inside.
fn unquoted(field: &str) -> String {
    field.trim().trim_matches('"').replace("\"\"", "\"")
}

/// Alternatives of a pattern such as `8.?bit|uint8`; `.?` stands for any one sign or none.
fn mentions(text: &str, pattern: &str) -> bool {
    let text = text.to_lowercase();
    pattern.to_lowercase().split('|').any(|alternative| match alternative.split_once(".?") {
        Some((before, after)) => text.match_indices(before).any(|(at, _)| {
            let rest: Vec<char> = text[at + before.len()..].chars().collect();
            let starts = |skip: usize| rest.iter().skip(skip).collect::<String>().starts_with(after);
            starts(0) || starts(1)
        }),
        None => text.contains(alternative),
    })
}

fn role_of(variable: &Variable) -> String {
    serde_json::to_value(variable.role).unwrap().as_str().unwrap().to_owned()
}

/// What is wrong with a file that should be read.
fn unread(granule: &Granule, check: &Value) -> Option<String> {
    let role = check["role"].as_str()?;
    let Some((index, variable)) =
        granule.variables.iter().enumerate().find(|(_, v)| role_of(v) == role && v.grid.is_some())
    else {
        return Some(format!("no placed {role}: {:?}", granule.problems));
    };
    let options = ReadOptions { quality: QualityRule::Recommended, scale: None };
    let statistics = match granule.variable_statistics(index, &options) {
        Ok(statistics) => statistics,
        Err(e) => return Some(e.to_string()),
    };
    if let Some(valid) = check["valid"].as_u64()
        && statistics.valid as u64 != valid
    {
        return Some(format!("{} valid, not {valid}", statistics.valid));
    }
    for (name, found) in [("min", statistics.min), ("max", statistics.max), ("mean", statistics.mean)] {
        if let Some(wanted) = check[name].as_f64()
            && found.is_none_or(|f| (f - wanted).abs() > 1e-6)
        {
            return Some(format!("{name} {found:?}, not {wanted}"));
        }
    }
    if let Some(date) = check["date"].as_str()
        && variable.date.or(granule.date).map(|d| d.to_string()).as_deref() != Some(date)
    {
        return Some(format!("date {:?}, not {date}", granule.date));
    }
    let scale = match check["scale"].as_str() {
        Some("power") => Some(BackscatterScale::Power),
        Some("decibel") => Some(BackscatterScale::Decibel),
        _ => None,
    };
    if scale.is_some() && variable.scale != scale {
        return Some(format!("scale {:?}", variable.scale));
    }
    let grid = variable.grid.as_ref()?;
    let window = grid.ease_window();
    for (name, found) in
        [("first_row", window.map(|w| w.first_row)), ("first_column", window.map(|w| w.first_column))]
    {
        if let Some(wanted) = check.get(name)
            && wanted.as_u64() != found.map(|f| f as u64)
        {
            return Some(format!("{name} {found:?}, not {wanted}"));
        }
    }
    if let (Some(x), Some(y)) = (check["origin"][0].as_f64(), check["origin"][1].as_f64())
        && ((grid.origin_x - x).abs() > 1e-6 || (grid.origin_y - y).abs() > 1e-6)
    {
        return Some(format!("origin {} {}", grid.origin_x, grid.origin_y));
    }
    None
}

/// What is wrong with a file that should be refused.
fn unrefused(result: &Result<Granule, String>, check: &Value) -> Option<String> {
    let text = match result {
        Err(text) => text.clone(),
        Ok(granule) => {
            if let Some(used) = granule.variables.iter().find(|v| v.role != Role::Other && v.grid.is_some()) {
                return Some(format!("{} is used: {}", used.path, used.evidence));
            }
            let problems: Vec<&str> = granule.problems.iter().map(|p| p.text.as_str()).collect();
            problems.join(" ")
        }
    };
    for pattern in check["mention"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !mentions(&text, pattern) {
            return Some(format!("does not mention {pattern}: {text}"));
        }
    }
    if let Some(pattern) = check["remedy"].as_str()
        && !mentions(&text, pattern)
    {
        return Some(format!("names no way out ({pattern}): {text}"));
    }
    None
}

#[test]
fn every_case_is_read_or_refused_as_it_should_be() {
    let Some(folder) = folder() else { return };
    let table = std::fs::read_to_string(folder.join("EXPECT.tsv")).unwrap();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (file, check) = (unquoted(fields[0]), unquoted(fields[4]));
        let check: Value = serde_json::from_str(&check).unwrap();
        cases += 1;
        let result = open(&folder.join(&file));
        let fault = match (check["kind"].as_str().unwrap(), &result) {
            ("read", Ok(granule)) => unread(granule, &check),
            ("read", Err(text)) => Some(format!("refused: {text}")),
            // A refusal would do, but all of these are read.
            ("either", Ok(granule)) => unread(granule, &check),
            _ => unrefused(&result, &check),
        };
        let said: String = match &result {
            Err(text) => text.clone(),
            Ok(granule) => granule.problems.iter().map(|p| p.text.as_str()).collect(),
        };
        let never = check["never"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let never: Vec<&str> = never.filter(|n| mentions(&said, n)).collect();
        if let Some(fault) = fault.or_else(|| (!never.is_empty()).then(|| format!("says {never:?}: {said}")))
        {
            wrong.push(format!("{} {file}: {fault}", fields[1]));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(cases, 31);
}
