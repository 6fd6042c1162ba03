//! A model card as the page reads it. The browser's own parser reads the JSON: Rust's readers of JSON took a fifth of the page's code.

use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::canvas::fetch_bytes;
use loam_core::stack::Shipped;

/// Version of the cards' fields that is read here (`FORMAT` in `src/experiment/card.rs`).
const FORMAT: f64 = 1.0;

/// One method on the test dates of a place, m3/m3.
pub struct Score {
    pub name: String,
    /// Scored on pixels of its own, where it exists.
    pub partial: bool,
    pub urmse: f64,
    pub interval: Option<Vec<f64>>,
    /// Its uRMSE minus the network's: mean, 95 % interval. None for the network itself.
    pub gain: Option<Vec<f64>>,
    pub pixels: f64,
    pub dates: f64,
}

/// The scores at a place.
pub struct Place {
    pub name: String,
    /// `earlier`, `elsewhere` or `never`.
    pub seen: String,
    pub dates: Vec<String>,
    pub scores: Vec<Score>,
}

/// What is said of a training run.
pub struct Stage {
    /// Trained, validated, kept for testing, left out.
    pub images: Vec<f64>,
    /// First and last training date, first validation date, first test date.
    pub dates: Vec<String>,
    pub epochs: f64,
    pub rate: f64,
    pub batch: f64,
    pub seed: f64,
}

/// A card.
pub struct Card {
    pub name: String,
    pub hash: String,
    pub parameters: f64,
    pub simulated: bool,
    /// (name, climate).
    pub places: Vec<Vec<String>>,
    pub stages: Vec<Stage>,
    pub scores: Vec<Place>,
    pub limits: Vec<String>,
}

type Read<T> = Result<T, String>;

fn get(of: &JsValue, key: &str) -> JsValue {
    Reflect::get(of, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

fn number(of: &JsValue, key: &str) -> Read<f64> {
    get(of, key).as_f64().ok_or_else(|| format!("\"{key}\" is not a number"))
}

fn text(of: &JsValue, key: &str) -> Read<String> {
    get(of, key).as_string().ok_or_else(|| format!("\"{key}\" is no text"))
}

fn list<T>(of: &JsValue, key: &str, each: impl Fn(&JsValue) -> Read<T>) -> Read<Vec<T>> {
    let array: Array = get(of, key).dyn_into().map_err(|_| format!("\"{key}\" is no list"))?;
    array.iter().map(|item| each(&item)).collect()
}

fn numbers(of: &JsValue, key: &str) -> Read<Vec<f64>> {
    list(of, key, |item| {
        item.as_f64().ok_or_else(|| format!("\"{key}\" holds something that is not a number"))
    })
}

fn texts(of: &JsValue, key: &str) -> Read<Vec<String>> {
    list(of, key, |item| item.as_string().ok_or_else(|| format!("\"{key}\" holds no text")))
}

fn maybe(of: &JsValue, key: &str) -> Read<Option<Vec<f64>>> {
    if get(of, key).is_null() { Ok(None) } else { numbers(of, key).map(Some) }
}

fn score(of: &JsValue) -> Read<Score> {
    Ok(Score {
        name: text(of, "name")?,
        partial: get(of, "partial").is_truthy(),
        urmse: number(of, "urmse")?,
        interval: maybe(of, "interval")?,
        gain: maybe(of, "gain")?,
        pixels: number(of, "pixels")?,
        dates: number(of, "dates")?,
    })
}

fn place(of: &JsValue) -> Read<Place> {
    Ok(Place {
        name: text(of, "name")?,
        seen: text(of, "seen")?,
        dates: texts(of, "dates")?,
        scores: list(of, "scores", score)?,
    })
}

fn stage(of: &JsValue) -> Read<Stage> {
    Ok(Stage {
        images: numbers(of, "images")?,
        dates: texts(of, "dates")?,
        epochs: number(of, "epochs")?,
        rate: number(of, "learning_rate")?,
        batch: number(of, "batch")?,
        seed: number(of, "seed")?,
    })
}

impl Place {
    /// The network.
    pub fn own(&self) -> Option<&Score> {
        self.scores.first()
    }

    /// A method by its name.
    pub fn of(&self, name: &str) -> Option<&Score> {
        self.scores.iter().find(|s| s.name == name)
    }

    /// The best baseline that exists everywhere.
    pub fn best(&self) -> Option<&Score> {
        self.scores
            .iter()
            .filter(|s| s.gain.is_some() && !s.partial)
            .min_by(|a, b| a.urmse.total_cmp(&b.urmse))
    }
}

impl Card {
    /// From the text of a card's file.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn read(json: &str) -> Read<Self> {
        let of = JSON::parse(json).map_err(|_| "it is no JSON".to_owned())?;
        let format = number(&of, "format")?;
        if format != FORMAT {
            return Err(format!("it is of version {format}, and this page reads {FORMAT}"));
        }
        Ok(Self {
            name: text(&of, "name")?,
            hash: text(&of, "hash")?,
            parameters: number(&of, "parameters")?,
            simulated: get(&of, "simulated").is_truthy(),
            places: list(&of, "places", |item| {
                let pair: Array = item.clone().dyn_into().map_err(|_| "a place is no pair".to_owned())?;
                Ok(pair.iter().filter_map(|word| word.as_string()).collect())
            })?,
            stages: list(&of, "stages", stage)?,
            scores: list(&of, "scores", place)?,
            limits: texts(&of, "limits")?,
        })
    }
}

/// The cards of all shipped weights, from where the page came from.
///
/// # Errors
/// The first card that cannot be fetched or read, in words.
pub async fn fetch_all() -> Read<Vec<Card>> {
    let mut cards = Vec::new();
    for shipped in Shipped::all() {
        let path = format!("./weights/{}.json", shipped.key);
        let bytes = fetch_bytes(&path).await?;
        cards.push(Card::read(&String::from_utf8_lossy(&bytes)).map_err(|why| format!("{path}: {why}"))?);
    }
    Ok(cards)
}
