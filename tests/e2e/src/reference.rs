//! Screenshots beside references: small pictures in `tests/e2e/references`, which are looked at when they change.
//!
//! Both are shrunk to a quarter and compared in squares, so that another machine's fonts pass, and a panel that is missing, black or elsewhere
//! does not. `LOAM_REFERENCES=write` writes them anew.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::app::App;
use crate::webdriver::{Error, Result};

/// Before a difference counts.
const PATIENCE: Duration = Duration::from_secs(10);
/// Grey levels, of 255, by which a square may differ in the mean.
const TOLERANCE: f64 = 16.0;
/// Squares of all that may differ more: a time, a number of milliseconds.
const MOST: u64 = 2;

/// Whether references, and pictures of the guide, are written anew.
pub fn is_written() -> bool {
    std::env::var_os("LOAM_REFERENCES").is_some_and(|value| value == "write")
}

fn file(name: &str) -> PathBuf {
    xtask::root().join("tests/e2e/references").join(format!("{name}.png"))
}

/// Compares what the window shows with the reference of this name; a sentence where they still differ after ten seconds: a slow machine may be
/// loading or drawing.
pub fn compare(app: &App, name: &str) -> Result<Option<String>> {
    let start = Instant::now();
    loop {
        match compare_now(app, name)? {
            Some(_) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(500)),
            found => return Ok(found),
        }
    }
}

fn compare_now(app: &App, name: &str) -> Result<Option<String>> {
    let shot = STANDARD.encode(app.session.screenshot()?);
    let path = file(name);
    let words = |e: std::io::Error| Error(format!("{}: {e}", path.display()));
    if is_written() {
        let small = app.session.script(&format!("{SHRINK} return shrunk(arguments[0]).then(c => c.convertToBlob()).then(b => b.arrayBuffer()).then(b => Array.from(new Uint8Array(b)))"), &[json!(shot)])?;
        let bytes: Vec<u8> = small
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
            .collect();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(words)?;
        }
        std::fs::write(&path, bytes).map_err(words)?;
        return Ok(None);
    }
    let kept = std::fs::read(&path).map_err(words)?;
    let differing = app.session.script(
        &format!("{SHRINK} {COMPARE}"),
        &[json!(shot), json!(STANDARD.encode(kept)), json!(TOLERANCE)],
    )?;
    let squares = differing["squares"].as_u64().unwrap_or(u64::MAX);
    if squares <= MOST {
        return Ok(None);
    }
    let shown = app.shoot(&format!("differs-{name}"))?;
    Ok(Some(format!(
        "{name}: {squares} squares differ from {}, by up to {} grey levels; it shows {}",
        path.display(),
        differing["largest"],
        shown.display()
    )))
}

/// A picture at a quarter of its width and height.
const SHRINK: &str = "
  async function picture(text) {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  }
  async function shrunk(text) {
    const whole = await picture(text);
    const small = new OffscreenCanvas(Math.round(whole.width / 4), Math.round(whole.height / 4));
    const g = small.getContext('2d');
    g.imageSmoothingQuality = 'high';
    g.drawImage(whole, 0, 0, small.width, small.height);
    return small;
  }
";

/// Mean grey of squares of 25 pixels, in the one and the other.
const COMPARE: &str = "
  return Promise.all([shrunk(arguments[0]), picture(arguments[1])]).then(([now, then]) => {
    if (now.width !== then.width || now.height !== then.height) return { squares: 9999, largest: 255 };
    const grey = source => {
      const canvas = new OffscreenCanvas(now.width, now.height), g = canvas.getContext('2d');
      g.drawImage(source, 0, 0);
      return g.getImageData(0, 0, now.width, now.height).data;
    };
    const [a, b] = [grey(now), grey(then)];
    let squares = 0, largest = 0;
    for (let y0 = 0; y0 < now.height; y0 += 25) for (let x0 = 0; x0 < now.width; x0 += 25) {
      let sum = 0, n = 0;
      for (let y = y0; y < Math.min(y0 + 25, now.height); y++) for (let x = x0; x < Math.min(x0 + 25, now.width); x++) {
        const i = 4 * (y * now.width + x);
        for (let k = 0; k < 3; k++) sum += Math.abs(a[i + k] - b[i + k]);
        n += 3;
      }
      const mean = sum / n;
      largest = Math.max(largest, Math.round(mean));
      if (mean > arguments[2]) squares += 1;
    }
    return { squares, largest };
  });
";
