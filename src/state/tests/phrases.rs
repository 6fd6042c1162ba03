//! The page in other languages: how texts are put together from phrases, and that no phrase of the source lacks its translation.

use std::collections::BTreeMap;
use std::path::Path;

use crate::state::phrases::{Phrases, slots};

pub const LANGUAGES: [&str; 2] = ["es", "fr"];

fn phrases(pairs: &[(&str, &str)]) -> Phrases {
    Phrases::new(pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())))
}

pub fn file(language: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("public/words").join(format!("{language}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn whole_phrases_keep_what_stands_around_them() {
    let es =
        phrases(&[("Data", "Datos"), ("data", "datos brutos"), ("The map is made.", "Se hace el mapa.")]);
    let said = |text: &str| es.translate(text);
    assert_eq!(said("Data").as_deref(), Some("Datos"));
    assert_eq!(said(" Data: ").as_deref(), Some(" Datos: "));
    assert_eq!(said("data").as_deref(), Some("datos brutos"));
    // With and without the full stop, the first letter large or small.
    assert_eq!(said("the map is made").as_deref(), Some("se hace el mapa"));
    assert_eq!(said("The map is made.").as_deref(), Some("Se hace el mapa."));
    for other in ["", " ", "0.213", "2018-11-07", "Database", "Data.tif", "SMAP"] {
        assert_eq!(said(other), None, "{other}");
    }
}

#[test]
fn what_varies_goes_where_the_language_wants_it() {
    let es = phrases(&[
        ("{1} of {2} dates", "{1} de {2} fechas"),
        ("{1} of {2} dates missing", "faltan {1} de {2} fechas"),
        ("{1}'s {2}", "{2} de {1}"),
        ("{1} could not be read ({2})", "No se pudo leer {1} ({2})"),
        ("the file is cut off", "el archivo está cortado"),
        ("{1} to {2}", "{1} a {2}"),
    ]);
    let said = |text: &str| es.translate(text);
    assert_eq!(said("3 of 12 dates").as_deref(), Some("3 de 12 fechas"));
    // Of two that fit, the one that says more.
    assert_eq!(said("3 of 12 dates missing").as_deref(), Some("faltan 3 de 12 fechas"));
    assert_eq!(said("SMAP's RMSE").as_deref(), Some("RMSE de SMAP"));
    // What varies may be a phrase itself, or a name that is none.
    assert_eq!(
        said("a.h5 could not be read (the file is cut off)").as_deref(),
        Some("No se pudo leer a.h5 (el archivo está cortado)")
    );
    // Short phrases do not reach into sentences of other words.
    assert_eq!(said("0.02 to 0.35").as_deref(), Some("0.02 a 0.35"));
    assert_eq!(said("Nothing is known that leads to a map"), None);
}

#[test]
fn texts_that_are_put_together_are_said_part_by_part() {
    let fr = phrases(&[
        ("Date", "Date du jour"),
        ("A map is made.", "Une carte se fait."),
        ("It takes {1} s.", "Elle prend {1} s."),
        ("Open a file. It is read.", "Ouvrez un fichier, qui est lu."),
        (": ", "\u{a0}: "),
        ("none", "aucune"),
    ]);
    let said = |text: &str| fr.translate(text);
    assert_eq!(said("A map is made. It takes 3 s.").as_deref(), Some("Une carte se fait. Elle prend 3 s."));
    assert_eq!(
        said("It takes 3 s. Open a file. It is read. A map is made.").as_deref(),
        Some("Elle prend 3 s. Ouvrez un fichier, qui est lu. Une carte se fait.")
    );
    assert_eq!(said("Date: none").as_deref(), Some("Date du jour\u{a0}: aucune"));
    // What is not known stays, and is named.
    assert_eq!(said("A map is made. Nobody knows.").as_deref(), Some("Une carte se fait. Nobody knows."));
    assert_eq!(fr.unknown("A map is made. Nobody knows."), ["Nobody knows"]);
}

#[test]
fn braces_that_hold_no_number_are_text() {
    assert_eq!(slots("{1} of {2}"), [1, 2]);
    assert_eq!(slots("{a} {} {"), Vec::<u32>::new());
    assert_eq!(phrases(&[("an {b}", "un {b}")]).translate("an {b}").as_deref(), Some("un {b}"));
}

#[test]
fn the_files_have_the_same_phrases_with_the_same_numbers() {
    let [first, second] = LANGUAGES.map(file);
    assert!(first.keys().eq(second.keys()), "{:?}", {
        let missing = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
            a.keys().filter(|key| !b.contains_key(*key)).cloned().collect::<Vec<_>>()
        };
        (missing(&first, &second), missing(&second, &first))
    });
    for (language, words) in LANGUAGES.iter().zip([&first, &second]) {
        for (from, to) in words {
            assert!(!to.trim().is_empty(), "{language}: {from} has no translation");
            assert_eq!(slots(from), slots(to), "{language}: {from}");
        }
    }
}

/// The start script, the choice and the files name the same languages.
#[test]
fn every_file_of_words_can_be_chosen() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (start, choice) = (read("public/start.js"), read("src/ui/language.rs"));
    let mut files: Vec<String> = std::fs::read_dir(root.join("public/words"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, LANGUAGES);
    let list = files.iter().map(|code| format!("'{code}'")).collect::<Vec<_>>().join(", ");
    assert!(start.contains(&format!("['en', {list}]")), "{start}");
    assert!(files.iter().all(|code| choice.contains(&format!("(\"{code}\", "))), "{choice}");
    // Said by the style sheet while files are dragged over the page.
    let style = read("public/style.css");
    assert!(files.iter().all(|code| style.contains(&format!(".dropping:lang({code}) body::after"))));
}

/// Lists of what has brackets of its own: no phrase reaches from the brackets of one into those of another.
#[test]
fn every_element_of_a_list_keeps_its_own_brackets() {
    let es = Phrases::new(file("es"));
    let said = es
        .translate("bilinear SMAP + mean training residual of the pixel (better by 0.0068); random forest (better by 0.0070); pixel regression (no clear difference).")
        .unwrap();
    assert_eq!(
        said,
        "SMAP bilineal + residuo medio de entrenamiento del píxel (mejor en 0.0068); bosque aleatorio (mejor en 0.0070); regresión por píxel (sin diferencia clara)."
    );
    let overpass =
        es.translate("SMAP: 6 am (descending); 6 pm (ascending) fills 36 % of the cells seen.").unwrap();
    assert_eq!(overpass, "SMAP: 6 h (descendente); 18 h (ascendente) completa 36 % de las celdas vistas.");
}
