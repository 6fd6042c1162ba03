//! Parts that the first screen does without: the file list, dates, maps, scores, training, exports, what the model is. They are most of the page's bytes,
//! and there is nothing to show in them before files are open.
//!
//! In the built app they are a wasm file of their own, split from the page's by `wasm-split-cli` (`xtask/src/split.rs`) at the one function
//! marked below, and fetched when the first screen stands. Elsewhere (tests, `trunk serve`) the same function is called at once.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

use super::canvas::ENGLISH;
use super::sides::{EXPORT, GROUND, SEASON, Side, TRAIN};
use super::store::App;
use super::{
    about, bundle, canvas, dates, device, exports, files, handles, help, language, layers, look, maps,
    position, region, run, scores, season, stations, train, values,
};

/// A section of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is put aside or was removed, and the file list.
    Files,
    /// Runs of before: unfinished ones, and whose weights are in use again.
    Runs,
    /// Time line and date.
    Dates,
    /// The linked maps.
    Maps,
    /// Values under the cursor and at pins.
    Values,
    /// Layers and their scales.
    Layers,
    /// Where.
    Region,
    /// Rules, weights, method, device.
    Method,
    /// The scores beside them.
    Scores,
    /// Training: in a file of its own with those below, fetched when its panel is opened or a run resumes.
    FineTune,
    /// Files to take away: in the same file.
    Exports,
    /// Every date of a period: in the same file.
    Season,
    /// Stations in the ground: in the same file.
    Ground,
    /// A bundle that is opened again: in the same file.
    Bundle,
    /// A layer by itself, over the maps: in the same file, fetched when one is looked at.
    Look,
    /// Where the user is: in the same file.
    Position,
    /// What the model is, help, and the page in another language: in the same file.
    About,
}

impl Part {
    /// In the file that is fetched when something of it is asked for.
    fn is_on_demand(self) -> bool {
        matches!(
            self,
            Self::FineTune
                | Self::Exports
                | Self::Season
                | Self::Ground
                | Self::Bundle
                | Self::Look
                | Self::Position
                | Self::About
        )
    }

    /// Something of it is asked for. Tracked.
    fn is_asked_for(self, app: App) -> bool {
        let open = |panel| app.right.with(|side| *side == Side { panel, open: true });
        match self {
            Self::FineTune => open(TRAIN) || app.train.is_active(),
            Self::Exports => open(EXPORT),
            Self::Season => open(SEASON),
            Self::Ground => open(GROUND),
            Self::Bundle => app.bundle.with(Option::is_some),
            Self::Look => app.look.with(Option::is_some),
            Self::Position => app.locating.get(),
            // The start script says which language it is.
            Self::About => app.about.get() || app.help.get() || canvas::language() != ENGLISH,
            _ => true,
        }
    }
}

/// Puts a section into its place. All of the later file hangs on this function.
fn put(app: App, part: Part, place: HtmlElement) {
    let section = move || {
        provide_context(app);
        match part {
            Part::Files => view! { <handles::Reopen/><files::Aside/><files::FilesSection/> }.into_any(),
            Part::Runs => view! { <train::Banner/><train::Recalled/> }.into_any(),
            Part::Dates => view! { <dates::DatesSection/> }.into_any(),
            Part::Maps => view! { <maps::MapsSection/> }.into_any(),
            Part::Values => view! { <values::ValuesSection/> }.into_any(),
            Part::Layers => view! { <layers::LayersSection/> }.into_any(),
            Part::Region => view! { <region::RegionSection/> }.into_any(),
            Part::Method => view! { <run::RulesSection/><device::DeviceSection/> }.into_any(),
            Part::Scores => view! { <scores::ScoresSection/> }.into_any(),
            // Put by a function of their own.
            _ => ().into_any(),
        }
    };
    // As long as the page lives.
    leptos::mount::mount_to(place, section).forget();
}

/// Puts training, exports, the season, the stations, a bundle or a layer by itself into their place. All of their file hangs on this function.
fn put_on_demand(app: App, part: Part, place: HtmlElement) {
    let section = move || {
        provide_context(app);
        match part {
            Part::FineTune => view! { <train::FineTuneSection/> }.into_any(),
            Part::Exports => view! { <exports::ExportSection/> }.into_any(),
            Part::Ground => view! { <stations::GroundSection/> }.into_any(),
            Part::Bundle => view! { <bundle::BundleSection/> }.into_any(),
            Part::About => {
                language::begin(app);
                view! { <about::AboutDialog/><help::HelpDialog/> }.into_any()
            }
            Part::Look => view! { <look::LookSection/> }.into_any(),
            Part::Position => view! { <position::PositionSection/> }.into_any(),
            _ => view! { <season::SeasonSection/> }.into_any(),
        }
    };
    leptos::mount::mount_to(place, section).forget();
}

#[cfg(all(feature = "split", target_arch = "wasm32"))]
mod file {
    // The macro declares what it loads as a foreign function and exports it under a name of its own; both ends are this function.
    #![allow(unsafe_code, reason = "the macro declares what it loads")]

    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    use super::{App, HtmlElement, Part};

    #[wasm_split(later, fallible)]
    pub fn put(app: App, part: Part, place: HtmlElement) -> Result<(), SplitLoaderError> {
        super::put(app, part, place);
        Ok(())
    }

    #[wasm_split(season, fallible)]
    pub fn put_on_demand(app: App, part: Part, place: HtmlElement) -> Result<(), SplitLoaderError> {
        super::put_on_demand(app, part, place);
        Ok(())
    }
}

#[cfg(not(all(feature = "split", target_arch = "wasm32")))]
mod file {
    use super::{App, HtmlElement, Part};

    #[allow(clippy::unused_async, reason = "as the split form")]
    pub async fn put(app: App, part: Part, place: HtmlElement) -> Result<(), std::convert::Infallible> {
        super::put(app, part, place);
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "as the split form")]
    pub async fn put_on_demand(
        app: App,
        part: Part,
        place: HtmlElement,
    ) -> Result<(), std::convert::Infallible> {
        super::put_on_demand(app, part, place);
        Ok(())
    }
}

/// The place of a section, filled when its program is there.
#[component]
pub fn Later(part: Part) -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Div>::new();
    let begun = StoredValue::new(false);
    Effect::new(move |_| {
        if !part.is_asked_for(app) {
            return;
        }
        if let Some(place) = node.get().filter(|_| !begun.get_value()) {
            begun.set_value(true);
            spawn_local(async move {
                let put = if part.is_on_demand() {
                    file::put_on_demand(app, part, place.unchecked_into()).await
                } else {
                    file::put(app, part, place.unchecked_into()).await
                };
                // Said once, not by each of the sections.
                if put.is_err() && (part.is_on_demand() || part == Part::Maps) {
                    // Tried again when it is asked for again.
                    begun.set_value(false);
                    app.fail(
                        "The rest of the page could not be loaded",
                        "",
                        "Check the network, then reload the page.",
                    );
                }
            });
        }
    });
    view! { <div class="later" node_ref=node></div> }.into_any()
}
