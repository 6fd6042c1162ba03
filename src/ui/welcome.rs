//! The first screen: what this is, and one click to an estimate.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::store::App;
use crate::state::Event;

/// A drawing of the same field in large and in small squares: no data.
fn drawing() -> AnyView {
    let shade = |x: f64, y: f64| {
        let value = 0.5 + 0.28 * (x * 0.9 + 0.4).sin() * (y * 0.7).cos() + 0.22 * (x * 0.35 - y * 0.5).cos();
        format!("m{}", (value * 5.0).clamp(0.0, 4.0) as usize)
    };
    let squares = |count: usize, left: f64| {
        let edge = 96.0 / count as f64;
        let per = 12.0 / count as f64;
        (0..count * count).map(move |n| {
            let (x, y) = ((n % count) as f64, (n / count) as f64);
            view! {
                <rect class=shade((x + 0.5) * per, (y + 0.5) * per) x=(left + x * edge).to_string() y=(y * edge).to_string() width=(edge + 0.3).to_string() height=(edge + 0.3).to_string()></rect>
            }
        }).collect_view()
    };
    view! {
        <svg class="drawing" viewBox="0 0 224 96" role="img" aria-label="A drawing: the same land in squares of 36 km, then in squares of 3 km">
            {squares(3, 0.0)}
            <path class="arrow" d="M102 48h16m-6 -6l6 6l-6 6"></path>
            {squares(12, 128.0)}
        </svg>
    }
    .into_any()
}

/// Shown while nothing is open.
#[component]
pub fn Welcome() -> impl IntoView {
    let app = App::here();
    let open = move |_| {
        let button = document().get_element_by_id("open-files");
        if let Some(button) = button.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
            button.click();
        }
    };
    view! {
        <section class="welcome" aria-labelledby="welcome-title" hidden=move || !app.nothing_open()>
            {drawing()}
            <h2 id="welcome-title">"How wet is the soil, every 3 km?"</h2>
            <p>
                "NASA's SMAP satellite measures the water in the top 5 cm of soil, in squares of 36 km. Loam works out 3 km squares from it and from \
                 earlier, finer maps of the same place, here in your browser."
            </p>
            <div class="row">
                <button type="button" class="primary" id="show-me" on:click=move |_| app.tell(Event::LoadDemo("oklahoma-city".to_owned()))>"Show me"</button>
                <button type="button" on:click=open>"Open my files…"</button>
            </div>
            <p class="hint">"“Show me” draws simulated scenes of Oklahoma City, marked SIMULATED. Your own files stay on this device: no data leaves this machine."</p>
            <details>
                <summary>"What do I need for my region?"</summary>
                <ul>
                    <li><strong>"SMAP soil moisture at 36 km"</strong>" (SPL3SMP or SPL2SMP, HDF5) of the date you want."</li>
                    <li><strong>"3 km maps of earlier dates"</strong>" (SPL2SMAP_S, or Sentinel-1 backscatter from which they are made here): 4 at least; from 8 on the methods can be compared."</li>
                    <li>"Both are free from NSIDC (nsidc.org/data/smap) with an Earthdata login. Drop the files, or a whole folder, anywhere on this page."</li>
                </ul>
            </details>
        </section>
    }
    .into_any()
}
