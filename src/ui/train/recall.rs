//! Which weights are in use, remembered over a reload: a run's are used again, which is said; a file's have to be loaded again.

use leptos::prelude::*;
use web_sys::Storage;

use super::state::is_of;
use super::words;
use crate::protocol::{Failure, Request};
use crate::ui::ledger::Kind;
use crate::ui::state::App;
use loam_core::training::{RunId, RunReport};

/// Where in the browser's storage it is written.
const KEY: &str = "loam.weights";
const RUN: &str = "run ";
const FILE: &str = "file ";
/// What to do, in all cases.
const SHIPPED: &str = "The shipped weights are used";

/// Weights in use, as far as a reload can bring them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remembered {
    /// Those shipped with the page.
    Shipped,
    /// Those of a finished run.
    Run(RunId),
    /// Those of a file of this name.
    File(String),
}

impl Remembered {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Shipped => "shipped".to_owned(),
            Self::Run(run) => format!("{RUN}{run}"),
            Self::File(name) => format!("{FILE}{name}"),
        }
    }

    /// From what was written; anything else is taken for the shipped ones.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match (text.strip_prefix(RUN), text.strip_prefix(FILE)) {
            (Some(run), _) => Self::Run(run.to_owned()),
            (_, Some(name)) => Self::File(name.to_owned()),
            _ => Self::Shipped,
        }
    }

    /// From the browser's storage. Where that cannot be read nothing was remembered either.
    #[must_use]
    pub fn read() -> Self {
        let text = storage().ok().and_then(|storage| storage.get_item(KEY).ok().flatten());
        text.map_or(Self::Shipped, |text| Self::parse(&text))
    }

    /// Into the browser's storage.
    ///
    /// # Errors
    /// Why it is not remembered, in words.
    pub fn write(&self) -> Result<(), String> {
        if *self == Self::read() {
            return Ok(());
        }
        storage()?.set_item(KEY, &self.text()).map_err(|_| "its storage is full or refused".to_owned())
    }
}

fn storage() -> Result<Storage, String> {
    window().local_storage().ok().flatten().ok_or_else(|| "this site may store nothing here".to_owned())
}

/// A run whose weights were in use before the page was loaded, and the request to use them again.
#[derive(Debug, Clone, PartialEq)]
pub struct RecalledRun {
    /// The request's number.
    pub request: u64,
    /// The run.
    pub run: RunReport,
}

impl RecalledRun {
    fn sentence(&self) -> String {
        format!(
            "The weights trained on {} on {} (UTC) are in use again.",
            self.run.region,
            words::moment(self.run.begun_ms)
        )
    }
}

/// Remembers what is in use now.
pub fn remember(app: App) {
    let weights = app.weights.get_untracked();
    if weights.closed_form.is_some() || weights.hash.is_empty() && !weights.network.about().shipped {
        return; // A method without weights, or a network whose weights are not there.
    }
    let in_use = match app.train.run_of(&weights) {
        Some(run) => Remembered::Run(run.run),
        None if app.weights_file().is_some_and(|name| name == weights.name) => Remembered::File(weights.name),
        None => Remembered::Shipped,
    };
    if let Err(why) = in_use.write() {
        app.warn("This browser does not remember which weights are in use, so the shipped ones are used after a reload", &why);
    }
}

/// Asks for the weights that were in use before the page was loaded, once, when the runs are known. `unsaved`: why there can be none.
pub(super) fn recall(app: App, unsaved: Option<&str>) {
    let Some(remembered) = app.train.recall.get_untracked() else { return };
    app.train.recall.set(None);
    let lost = |what: String, remedy: &str| app.notify(false, Failure { what, remedy: remedy.to_owned() });
    match remembered {
        Remembered::Shipped => {}
        Remembered::Run(id) => {
            let run = app
                .train
                .runs
                .with_untracked(|runs| runs.iter().find(|r| r.run == id && r.result.is_some()).cloned());
            if let Some(run) = run {
                if let Some(request) = app.send(Kind::Weights, Request::UseRun { run: id }, &[]) {
                    app.train.recalled.set(Some(RecalledRun { request, run }));
                }
                return;
            }
            // A run is named after the moment it began.
            let begun = id
                .parse()
                .map_or_else(|_| id.clone(), |begun| format!("begun {} (UTC)", words::moment(begun)));
            let why = match unsaved {
                Some(why) => format!("its storage cannot be used ({why})"),
                None => {
                    // Where the storage cannot be told from an empty one it is asked again next time; here the run is gone.
                    let _ = Remembered::Shipped.write();
                    "they are no longer in its storage".to_owned()
                }
            };
            lost(
                format!("The weights of the run {begun} were in use in this browser before, but {why}"),
                SHIPPED,
            );
        }
        Remembered::File(name) => {
            let _ = Remembered::Shipped.write();
            let what = format!(
                "The weights of the file {name} were in use before the page was loaded again; a file's weights are not kept"
            );
            lost(what, &format!("{SHIPPED} until you load the file again under “Rules and weights”"));
        }
    }
}

/// The worker named the weights in use, in answer to this request.
pub fn taken(app: App, request: u64) {
    if let Some(sentence) = app
        .train
        .recalled
        .with_untracked(|r| r.as_ref().filter(|r| r.request == request).map(RecalledRun::sentence))
    {
        app.said.set(sentence);
    }
    remember(app);
}

/// A request about weights failed: what is said of it.
#[must_use]
pub fn failed(app: App, request: u64, failure: Failure) -> Failure {
    let Some(recalled) = app.train.recalled.get_untracked().filter(|r| r.request == request) else {
        return failure;
    };
    app.train.recalled.set(None);
    let remedy = format!("{SHIPPED}. {} Reload the page to try again, or delete the run.", failure.remedy);
    Failure {
        what: format!(
            "The weights trained on {} could not be used again: {}",
            recalled.run.region, failure.what
        ),
        remedy,
    }
}

/// Says which weights of before are in use, with a button back to the shipped ones.
#[component]
pub fn Recalled() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let shown =
        Memo::new(move |_| t.recalled.get().filter(|recalled| app.weights.with(|w| is_of(w, &recalled.run))));
    move || {
        shown.get().map(|recalled| {
            view! {
                <div class="banner" id="recalled" role="region" aria-label="Weights in use">
                    <p>
                        <strong>{recalled.sentence()}</strong>
                        {recalled.run.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}
                    </p>
                    <div class="row">
                        <button type="button" id="recalled-shipped" on:click=move |_| app.shipped_weights()>"Use the shipped weights"</button>
                        <button type="button" class="quiet" id="recalled-keep" on:click=move |_| t.recalled.set(None)>"Keep using them"</button>
                    </div>
                </div>
            }
            .into_any()
        })
    }
}
