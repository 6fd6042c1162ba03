//! What a user does, in the built app. Two tests run at a time; those that measure run alone ([`e2e::turn::alone`]).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by panicking")]

mod bundle;
mod figure;
mod foreign;
mod harness;
mod loggers;
mod look;
mod many;
mod reopen;
mod scenarios;
mod states;
mod training;
mod words;
mod workbench;

use e2e::app::App;
use e2e::parts;
use serde_json::Value;

/// Runs a script in the page; what it returns.
fn script(app: &App, text: &str, arguments: &[Value]) -> Value {
    app.session.script(text, arguments).unwrap()
}

/// Nothing was complained of in the console, and nothing asked of another server.
fn assert_quiet(app: &App) {
    let complaints = app.complaints().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The map waits for its button from now on.
fn by_hand(app: &App) {
    app.get(parts::FOLLOW).unwrap();
    app.session.script("const f = document.querySelector('#follow'); if (f.checked) f.click()", &[]).unwrap();
}
