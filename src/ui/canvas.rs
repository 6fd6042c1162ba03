//! The few browser calls that components share: canvases, colours of the style sheet, fetching from `'self'`, saving bytes.

use std::cell::Cell;

use js_sys::{Array, Uint8Array};
use leptos::prelude::{document, window};
use wasm_bindgen::{Clamped, JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, HtmlAnchorElement, HtmlCanvasElement, HtmlElement,
    ImageData, Response, Url,
};

use crate::link::describe;

/// A canvas that is in no document.
pub fn new_canvas(width: u32, height: u32) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(width);
    canvas.set_height(height);
    Some(canvas)
}

/// Its context.
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// A canvas of exactly one pixel per cell.
pub fn from_rgba(rgba: &[u8], columns: usize, rows: usize) -> Option<HtmlCanvasElement> {
    let canvas = new_canvas(columns as u32, rows as u32)?;
    let image =
        ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), columns as u32, rows as u32).ok()?;
    context(&canvas)?.put_image_data(&image, 0, 0).ok()?;
    Some(canvas)
}

/// Matches the backing store to the laid-out size and the screen's pixels; returns the context scaled to CSS pixels, with the size.
pub fn fit(canvas: &HtmlCanvasElement) -> Option<(CanvasRenderingContext2d, f64, f64)> {
    let ratio = window().device_pixel_ratio().max(1.0);
    let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    if width < 1.0 || height < 1.0 {
        return None;
    }
    let (w, h) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
    if canvas.width() != w || canvas.height() != h {
        canvas.set_width(w);
        canvas.set_height(h);
    }
    let ctx = context(canvas)?;
    ctx.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0).ok()?;
    ctx.clear_rect(0.0, 0.0, width, height);
    Some((ctx, width, height))
}

/// A custom property of the style sheet (`--ink`), as it is now (light or dark).
pub fn css(name: &str) -> String {
    let style =
        document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
    let value = style.and_then(|s| s.get_property_value(name).ok()).unwrap_or_default();
    if value.trim().is_empty() { "CanvasText".to_owned() } else { value.trim().to_owned() }
}

/// The language the page is written in.
pub const ENGLISH: &str = "en";

/// The page's language: what the start script found, or what was chosen since.
pub fn language() -> String {
    let lang = document().document_element().and_then(|root| root.get_attribute("lang"));
    lang.filter(|lang| !lang.is_empty()).unwrap_or_else(|| ENGLISH.to_owned())
}

/// What a text is in another language; `None` where it stays.
type Said = fn(&str) -> Option<String>;

thread_local! {
    /// How a text is said in another language. Here, so that what draws needs nothing of the file that translates.
    static SAID: Cell<Option<Said>> = const { Cell::new(None) };
}

/// From now on texts on canvases are said so.
pub fn say(said: Option<fn(&str) -> Option<String>>) {
    SAID.set(said);
}

/// A text to be drawn, in the page's language.
pub fn said(text: &str) -> String {
    SAID.get().and_then(|said| said(text)).unwrap_or_else(|| text.to_owned())
}

/// Gives an element the focus, once it is drawn.
pub fn focus(id: &str) {
    let id = id.to_owned();
    leptos::prelude::request_animation_frame(move || {
        let element = document().get_element_by_id(&id).and_then(|e| e.dyn_into::<HtmlElement>().ok());
        if let Some(element) = element {
            // Refused only for what is gone again.
            let _ = element.focus();
        }
    });
}

/// Bytes of a file of this site.
pub async fn fetch_bytes(path: &str) -> Result<Vec<u8>, String> {
    let answer = JsFuture::from(window().fetch_with_str(path)).await.map_err(|e| describe(&e))?;
    let answer: Response = answer.dyn_into().map_err(|e| describe(&e))?;
    if !answer.ok() {
        return Err(format!("{path} answered {}", answer.status()));
    }
    let buffer =
        JsFuture::from(answer.array_buffer().map_err(|e| describe(&e))?).await.map_err(|e| describe(&e))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Bytes of a blob or file.
pub async fn blob_bytes(blob: &Blob) -> Result<Uint8Array, String> {
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(|e| describe(&e))?;
    Ok(Uint8Array::new(&buffer))
}

/// Saves bytes through the browser's download.
pub fn download(name: &str, mime: &str, bytes: &[u8]) -> Result<(), String> {
    let words = |e: JsValue| describe(&e);
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(words)?;
    let url = Url::create_object_url_with_blob(&blob).map_err(words)?;
    let anchor = document().create_element("a").map_err(words)?;
    let anchor: HtmlAnchorElement = anchor.dyn_into().map_err(|e| describe(&e))?;
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // Not at once: the browser may not have begun to read.
    leptos::prelude::set_timeout(
        move || {
            let _ = Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(30),
    );
    Ok(())
}
