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
