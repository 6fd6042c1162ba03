//! End-to-end tests: the built app, served as a user gets it, in a real headless browser.
//!
//! [`webdriver`] speaks the protocol, [`app`] opens Loam in a fresh browser profile and knows its elements by their `data-testid`.
//! The scenarios are in `tests/`. `cargo xtask test --only e2e` runs them against `dist/`; screenshots go to `target/e2e/`.

pub mod app;
pub mod axe;

pub mod onnx;
pub mod parts;
pub mod reference;
pub mod turn;
pub mod webdriver;
pub mod weights;
