//! Where the user is, as a dot on the maps: asked of the browser while the button is pressed. The page passes it on to nobody; how the browser
//! finds it is up to the browser, which the page says.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::pointer::pin;
use super::store::App;
use crate::state::position::Position;
use crate::state::rectangle::size_text;
use loam_core::map::graticule::{latitude_label, longitude_label};

/// The device may take so many milliseconds.
const PATIENCE: u32 = 60_000;

/// The error's code where the user or the browser refuses.
const REFUSED: f64 = 1.0;
/// Before the first answer.
const ASKED: &str = "The browser is asked where this device is; some browsers ask a service of their maker. This page passes it on to nobody.";
/// Without one.
const LOST: &str = "Your device cannot tell where it is at present; it goes on trying.";

/// A number of an object of the browser's. By name: typed bindings would be a kilobyte of the page's first file.
fn number(of: &JsValue, name: &str) -> f64 {
    get(of, name).as_f64().unwrap_or(f64::NAN)
}

fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

fn method(name: &str) -> Result<(JsValue, Function), JsValue> {
    let geolocation = get(&window().navigator(), "geolocation");
    let method = get(&geolocation, name).dyn_into()?;
    Ok((geolocation, method))
}

type Hears = Closure<dyn FnMut(JsValue)>;

/// Watches the device's position until it is dropped.
struct Watch {
    number: JsValue,
    _found: Hears,
    _failed: Hears,
}

impl Watch {
    fn begin(found: Hears, failed: Hears) -> Result<Self, JsValue> {
        let options = js_sys::Object::new();
        Reflect::set(&options, &"enableHighAccuracy".into(), &true.into())?;
        Reflect::set(&options, &"timeout".into(), &PATIENCE.into())?;
        let (geolocation, watch) = method("watchPosition")?;
        let number = watch.call3(&geolocation, found.as_ref(), failed.as_ref(), &options)?;
        Ok(Self { number, _found: found, _failed: failed })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Ok((geolocation, clear)) = method("clearWatch") {
            let _ = clear.call1(&geolocation, &self.number);
        }
    }
}

/// What the device says; how sure it is rounded up to 10 m.
fn position(fix: &JsValue) -> Position {
    let at = get(fix, "coords");
    let within = (number(&at, "accuracy") / 10.0).ceil().max(1.0) * 10.0;
    Position { longitude: number(&at, "longitude"), latitude: number(&at, "latitude"), within }
}

/// The line that says where, with a button where that is outside the region. Nothing while nobody asks.
#[component]
pub fn PositionSection() -> impl IntoView {
    let app = App::here();
    // The device is asked, and does not know.
    let lost = RwSignal::new(false);
    // The first place of this watch has been marked.
    let marked = StoredValue::new(false);
    let watch = StoredValue::new_local(None::<Watch>);
    let off = move |why: &str| {
        app.locating.set(false);
        app.fail(
            "Your position is not known",
            why,
            "Allow this page to use it in the browser's settings, and your device to tell it; then press ◎ again.",
        );
    };
    let heard = move |fix: JsValue| {
        let now = position(&fix);
        let first = !marked.get_value();
        marked.set_value(true);
        lost.set(false);
        app.position.set(Some(now));
        // The first time its cell is marked, so that its values stand under Values.
        let window = app.map.with_untracked(|map| map.as_ref().map(|data| data.window()));
        if let Some((cell, window)) = window.and_then(|w| Some((now.cell(&w)?, w))).filter(|_| first) {
            if !app.pins.with_untracked(|pins| pins.contains(&cell)) {
                pin(app, Some(cell));
            }
            app.view.update(|view| *view = view.showing(cell, &window));
        }
    };
    Effect::new(move |_| {
        let on = app.locating.get();
        if !on {
            watch.set_value(None);
            app.position.set(None);
            lost.set(false);
            marked.set_value(false);
        } else if watch.with_value(Option::is_none) {
            let failed = move |error: JsValue| {
                if number(&error, "code") == REFUSED {
                    return off(&get(&error, "message").as_string().unwrap_or_default());
                }
                // Under a roof, before the first fix: the device goes on trying, and the dot of before would mislead.
                app.position.set(None);
                lost.set(true);
            };
            match Watch::begin(Closure::new(heard), Closure::new(failed)) {
                Ok(begun) => watch.set_value(Some(begun)),
                Err(why) => off(&crate::link::describe(&why)),
            }
        }
    });
    let text = move |at: Position| {
        format!(
            "You are at {}, {}, within {} m.",
            latitude_label(at.latitude),
            longitude_label(at.longitude),
            at.within
        )
    };
    let outside = move |at: Position| at.cell(&app.settings.with(|s| s.window)).is_none();
    view! {
        {move || app.locating.get().then(|| view! {
            <p class="hint" id="position-text" role="status">
                {move || app.position.get().map_or_else(|| if lost.get() { LOST } else { ASKED }.to_owned(), text)}
                {move || app.position.get().filter(|at| outside(*at)).map(|at| view! {
                    " That is outside the region. "
                    <button type="button" id="position-region" on:click=move |_| {
                        let window = at.region();
                        app.choose(|s| (s.window, s.region) = (window, None));
                        app.say(format!("The region is now {}.", size_text(&window)));
                    }>"Region around me"</button>
                })}
            </p>
        })}
    }
    .into_any()
}
