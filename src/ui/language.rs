//! The page in the reader's language. English stays in the code; a file of phrases says the rest (docs/decisions/020).
//!
//! Which language it is the start script has found (`public/start.js`): the one chosen under Help, else the first of the browser's that there is;
//! the browser's where this site may store nothing.
//! What changes the document is a script of its own (`public/words.js`): as a part of this program it would cost every reader a kilobyte before
//! the first screen.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::canvas::{self, ENGLISH};
use super::outside;
use super::store::App;
use crate::link::describe;
use crate::state::phrases::Phrases;

/// Where in the browser's storage the choice is kept; the start script reads it.
const KEY: &str = "loam.language";

/// Each language by its code, in its own words. All but English have a file `public/words/CODE.json`.
const LANGUAGES: [(&str, &str); 3] = [(ENGLISH, "English"), ("es", "Español"), ("fr", "Français")];

thread_local! {
    /// Those of the language that is shown.
    static PHRASES: RefCell<Option<Phrases>> = const { RefCell::new(None) };
    /// How often a language was asked for: the last one counts, however long its file takes.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// Begins with the page's language.
pub fn begin(app: App) {
    let language = canvas::language();
    if language != ENGLISH {
        show(app, language);
    }
}

/// How a text is said now.
fn said(text: &str) -> Option<String> {
    PHRASES.with_borrow(|phrases| phrases.as_ref().and_then(|phrases| phrases.translate(text)))
}

/// A function of the script, which the start script fetches.
async fn of_script(name: &str) -> Result<Function, JsValue> {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into())?.dyn_into::<Function>();
    let fetched = get(&window(), "loamWords")?.call0(&JsValue::NULL)?;
    get(&JsFuture::from(fetched.unchecked_into::<Promise>()).await?, name)
}

/// The phrases of a language.
async fn fetch(language: &str) -> Result<Phrases, JsValue> {
    let found = of_script("phrases").await?.call1(&JsValue::NULL, &language.into())?;
    let list: Array = JsFuture::from(found.unchecked_into::<Promise>()).await?.unchecked_into();
    let at = |n: u32| list.get(n).as_string().unwrap_or_default();
    Ok(Phrases::new((0..list.length() / 2).map(|n| (at(2 * n), at(2 * n + 1)))))
}

/// Turns the document and what is drawn to a language, or back to English.
async fn turn(language: &str) -> Result<(), JsValue> {
    let phrases = if language == ENGLISH { None } else { Some(fetch(language).await?) };
    let translate = if phrases.is_some() {
        let say = |text: JsValue| {
            text.as_string().and_then(|text| said(&text)).map_or(JsValue::NULL, JsValue::from)
        };
        Closure::<dyn FnMut(JsValue) -> JsValue>::new(say).into_js_value()
    } else {
        JsValue::NULL
    };
    canvas::say(phrases.is_some().then_some(said));
    PHRASES.replace(phrases);
    of_script("show").await?.call1(&JsValue::NULL, &translate).map(|_| ())
}

/// Shows the page in a language, once its file is there.
fn show(app: App, language: String) {
    let asked = ASKED.get() + 1;
    ASKED.set(asked);
    spawn_local(async move {
        let turned = turn(&language).await;
        if ASKED.get() != asked {
            return;
        }
        let shown = match turned {
            Ok(()) => language.as_str(),
            Err(why) => {
                let what = "The page stays in English: its words could not be loaded";
                app.fail(what, &describe(&why), "Check the network, then reload the page.");
                ENGLISH
            }
        };
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("lang", shown);
        }
    });
}

/// Where the language is chosen. Its words are not translated, so that everyone finds them.
#[component]
pub fn Choice() -> impl IntoView {
    let app = App::here();
    let now = canvas::language();
    let chosen = move |event| {
        let language = event_target_value(&event);
        outside::keep(KEY, &language);
        show(app, language);
    };
    let options = LANGUAGES.map(|(code, name)| {
        view! { <option value=code lang=code selected=code == now>{name}</option> }
    });
    view! {
        <p class="language" translate="no">
            <label for="language">"Language · Idioma · Langue"</label>" "
            <select id="language" on:change=chosen>{options.into_iter().collect_view()}</select>
        </p>
    }
    .into_any()
}
