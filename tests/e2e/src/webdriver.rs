//! A blocking WebDriver client: the handful of commands the scenarios use (W3C WebDriver, and chromedriver's `goog:` extensions for
//! logs and the DevTools protocol).

use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

/// Key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What went wrong between us and the driver; holds the driver's own words.
#[derive(Debug)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Result of every command.
pub type Result<T> = std::result::Result<T, Error>;

/// An element of the page, as the driver names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element(String);

impl Element {
    /// The element as an argument of a script.
    pub fn reference(&self) -> Value {
        json!({ ELEMENT: self.0 })
    }
}

/// A browser window under control; closed when dropped.
#[derive(Debug)]
pub struct Session {
    agent: ureq::Agent,
    base: String,
}

impl Session {
    /// Opens a browser. `port` is chromedriver's, `capabilities` the W3C `alwaysMatch` object.
    pub fn open(port: u16, capabilities: &Value) -> Result<Self> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(180)))
            .build();
        let mut session = Self { agent: config.into(), base: format!("http://127.0.0.1:{port}/session") };
        let made = session.post("", &json!({ "capabilities": { "alwaysMatch": capabilities } }))?;
        let id = made["sessionId"]
            .as_str()
            .ok_or_else(|| Error(format!("the driver opened no session: {made}")))?;
        session.base = format!("{}/{id}", session.base);
        session.post("/timeouts", &json!({ "script": 120_000, "pageLoad": 60_000, "implicit": 0 }))?;
        Ok(session)
    }

    /// Loads an address.
    pub fn navigate(&self, url: &str) -> Result<()> {
        self.post("/url", &json!({ "url": url })).map(|_| ())
    }

    /// Runs the body of a function in the page and returns its value.
    pub fn script(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        self.post("/execute/sync", &json!({ "script": body, "args": arguments }))
    }

    /// First element that matches a CSS selector.
    pub fn find(&self, css: &str) -> Result<Option<Element>> {
        Ok(self.find_all(css)?.into_iter().next())
    }

    /// All elements that match a CSS selector.
    pub fn find_all(&self, css: &str) -> Result<Vec<Element>> {
        let found = self.post("/elements", &json!({ "using": "css selector", "value": css }))?;
        let list = found.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(list.iter().filter_map(|e| e[ELEMENT].as_str()).map(|id| Element(id.to_owned())).collect())
    }

    /// Clicks the middle of an element, as a mouse would; refused where something covers it.
    pub fn click(&self, element: &Element) -> Result<()> {
        self.post(&format!("/element/{}/click", element.0), &json!({})).map(|_| ())
    }

    /// Empties a text field.
    pub fn clear(&self, element: &Element) -> Result<()> {
        self.post(&format!("/element/{}/clear", element.0), &json!({})).map(|_| ())
    }

    /// Types into an element; for a file input, paths joined by line feeds.
    pub fn type_into(&self, element: &Element, text: &str) -> Result<()> {
        self.post(&format!("/element/{}/value", element.0), &json!({ "text": text })).map(|_| ())
    }

    /// Presses and releases a key, whatever has the focus. Names are those of [`keys`].
    pub fn press(&self, key: &str) -> Result<()> {
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.post(
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        )
        .map(|_| ())
    }

    /// Moves the mouse to a point of an element, given as shares of its width and height.
    pub fn hover(&self, element: &Element, x: f64, y: f64) -> Result<()> {
        let step = self.at(element, (x, y))?;
        self.post(
            "/actions",
            &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": [step] }] }),
        )
        .map(|_| ())
    }

    /// Drags with the left button between two points of an element, given as shares of its width and height.
    pub fn drag(&self, element: &Element, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        let half = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let [from, half, to] = [self.at(element, from)?, self.at(element, half)?, self.at(element, to)?];
        let actions = json!([from, { "type": "pointerDown", "button": 0 }, half, to, { "type": "pointerUp", "button": 0 }]);
        self.post(
            "/actions",
            &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] }),
        )
        .map(|_| ())
    }

    /// The move of the mouse to a point of an element.
    fn at(&self, element: &Element, (x, y): (f64, f64)) -> Result<Value> {
        let rect = self.get(&format!("/element/{}/rect", element.0))?;
        let size = |name: &str| rect[name].as_f64().unwrap_or_default();
        // WebDriver counts from the element's middle.
        let (dx, dy) = ((x - 0.5) * size("width"), (y - 0.5) * size("height"));
        Ok(
            json!({ "type": "pointerMove", "duration": 50, "origin": { ELEMENT: element.0 }, "x": dx.round() as i64, "y": dy.round() as i64 }),
        )
    }

    /// Goes to the window opened last; returns the one it came from.
    pub fn switch_to_newest_window(&self) -> Result<String> {
        let here = self.get("/window")?.as_str().unwrap_or_default().to_owned();
        let all = self.get("/window/handles")?;
        let newest =
            all.as_array().into_iter().flatten().filter_map(Value::as_str).rfind(|handle| *handle != here);
        self.switch_to_window(newest.ok_or_else(|| Error("there is no other window".into()))?)?;
        Ok(here)
    }

    /// Goes to a window by its handle.
    pub fn switch_to_window(&self, handle: &str) -> Result<()> {
        self.post("/window", &json!({ "handle": handle })).map(|_| ())
    }

    /// Visible text of an element.
    pub fn text(&self, element: &Element) -> Result<String> {
        Ok(self.get(&format!("/element/{}/text", element.0))?.as_str().unwrap_or_default().to_owned())
    }

    /// The window's picture as PNG bytes.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        let shot = self.get("/screenshot")?;
        base64::engine::general_purpose::STANDARD
            .decode(shot.as_str().unwrap_or_default())
            .map_err(|e| Error(format!("screenshot: {e}")))
    }

    /// Outer size of the window in pixels.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.post("/window/rect", &json!({ "width": width, "height": height })).map(|_| ())
    }

    /// Entries of a log since the last call: `browser` (console) or `performance` (DevTools events).
    pub fn log(&self, kind: &str) -> Result<Vec<Value>> {
        Ok(self.post("/se/log", &json!({ "type": kind }))?.as_array().cloned().unwrap_or_default())
    }

    /// A command of the DevTools protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn get(&self, path: &str) -> Result<Value> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        Self::value(path, answer)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.agent.post(format!("{}{path}", self.base)).send_json(body);
        Self::value(path, answer)
    }

    fn value(
        path: &str,
        answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value> {
        let mut answer = answer.map_err(|e| Error(format!("{path}: {e}")))?;
        // Performance logs run to many megabytes.
        let body = answer.body_mut().with_config().limit(256 << 20).read_json::<Value>();
        let mut body = body.map_err(|e| Error(format!("{path}: {e}")))?;
        let value = body["value"].take();
        match value["error"].as_str() {
            Some(kind) if !answer.status().is_success() => {
                let words = value["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
                Err(Error(format!("{path}: {kind}: {words}")))
            }
            _ => Ok(value),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver goes away too and takes the browser with it; this only makes it orderly.
        let _ = self.agent.delete(&self.base).call();
    }
}

/// Keys by their WebDriver code points.
pub mod keys {
    /// Tab.
    pub const TAB: &str = "\u{E004}";
    /// Enter.
    pub const ENTER: &str = "\u{E007}";
    /// Escape.
    pub const ESCAPE: &str = "\u{E00C}";
    /// Home.
    pub const HOME: &str = "\u{E011}";
    /// End.
    pub const END: &str = "\u{E010}";
    /// Page up.
    pub const PAGE_UP: &str = "\u{E00E}";
    /// Space bar.
    pub const SPACE: &str = " ";
    /// Arrow left.
    pub const LEFT: &str = "\u{E012}";
    /// Arrow up.
    pub const UP: &str = "\u{E013}";
    /// Arrow right.
    pub const RIGHT: &str = "\u{E014}";
    /// Arrow down.
    pub const DOWN: &str = "\u{E015}";
}
