//! Files dropped anywhere on the page, folders included.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    DataTransfer, DragEvent, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry,
};

use super::store::App;
use crate::state::Event;
use crate::state::desk::is_weights;

/// Listens on the whole window.
pub fn accept_anywhere(app: App) {
    let root = || document().document_element();
    let mark = move |on: bool| {
        if let Some(root) = root() {
            let _ = root.class_list().toggle_with_force("dropping", on);
        }
    };
    window_event_listener(ev::dragover, move |event: DragEvent| {
        event.prevent_default();
        mark(true);
    });
    window_event_listener(ev::dragleave, move |event: DragEvent| {
        // Leaving the window, not passing from one element to the next.
        if event.related_target().is_none() {
            mark(false);
        }
    });
    window_event_listener(ev::drop, move |event: DragEvent| {
        event.prevent_default();
        mark(false);
        if let Some(transfer) = event.data_transfer() {
            take(app, &transfer);
        }
    });
}

/// Opens files of the user's own. Weights among them are loaded as such.
pub fn open(app: App, opened: Vec<(String, File)>) {
    let (weights, opened): (Vec<_>, Vec<_>) = opened.into_iter().partition(|(name, _)| is_weights(name));
    let several = weights.len() > 1;
    if let Some((name, file)) = weights.into_iter().next_back() {
        app.outside().keep_weights(file);
        app.tell(Event::OpenWeights { name, among_data: Some(several) });
    }
    let files = opened.into_iter().map(|(name, file)| {
        let bytes = file.size() as u64;
        (app.outside().keep(file), name, bytes)
    });
    app.tell(Event::Open(files.collect()));
}

/// Entries must be taken out of the transfer before the event ends; folders are walked afterwards.
fn take(app: App, transfer: &DataTransfer) {
    let items = transfer.items();
    let mut entries = Vec::new();
    let mut plain = Vec::new();
    for index in 0..items.length() {
        let Some(item) = items.get(index) else { continue };
        match item.webkit_get_as_entry() {
            Ok(Some(entry)) => entries.push(entry),
            _ => plain.extend(item.get_as_file().ok().flatten().map(|f| (f.name(), f))),
        }
    }
    if entries.is_empty() && plain.is_empty() {
        plain = listed(transfer.files());
        if plain.is_empty() {
            app.fail(
                "Nothing was dropped that Loam can open",
                "a link or text is not a file",
                "Save it as a file first, then drop that.",
            );
            return;
        }
    }
    spawn_local(async move {
        let mut found = plain;
        while let Some(entry) = entries.pop() {
            if let Err(why) = walk(entry, &mut entries, &mut found).await {
                app.fail(
                    "A dropped file or folder could not be opened",
                    &why,
                    "Check that it still exists and may be read.",
                );
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        open(app, found);
    });
}

async fn walk(
    entry: FileSystemEntry,
    entries: &mut Vec<FileSystemEntry>,
    found: &mut Vec<(String, File)>,
) -> Result<(), String> {
    let words = |e| crate::link::describe(&e);
    if entry.is_directory() {
        let reader = entry.unchecked_into::<FileSystemDirectoryEntry>().create_reader();
        loop {
            // A reader hands out at most 100 entries a time, and none when it is through.
            let batch = promise(|done, failed| {
                let _ = reader.read_entries_with_callback_and_callback(done, failed);
            })
            .await
            .map_err(words)?;
            let batch = js_sys::Array::from(&batch);
            if batch.length() == 0 {
                return Ok(());
            }
            entries.extend(batch.iter().map(wasm_bindgen::JsCast::unchecked_into::<FileSystemEntry>));
        }
    }
    let path = entry.full_path().trim_start_matches('/').to_owned();
    let entry: FileSystemFileEntry = entry.unchecked_into();
    let file =
        promise(|done, failed| entry.file_with_callback_and_callback(done, failed)).await.map_err(words)?;
    // Folders are full of these.
    if !path.ends_with(".DS_Store") && !path.ends_with("Thumbs.db") {
        found.push((path, file.unchecked_into()));
    }
    Ok(())
}

/// An old callback interface as a promise.
pub async fn promise(
    start: impl FnOnce(&js_sys::Function, &js_sys::Function),
) -> Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue> {
    let mut start = Some(start);
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        if let Some(start) = start.take() {
            let done = Closure::once_into_js(move |value: wasm_bindgen::JsValue| {
                let _ = resolve.call1(&wasm_bindgen::JsValue::NULL, &value);
            });
            let failed = Closure::once_into_js(move |value: wasm_bindgen::JsValue| {
                let _ = reject.call1(&wasm_bindgen::JsValue::NULL, &value);
            });
            start(done.unchecked_ref(), failed.unchecked_ref());
        }
    });
    JsFuture::from(promise).await
}

/// Files of a picker; with their folders, where a folder was picked.
pub fn listed(list: Option<FileList>) -> Vec<(String, File)> {
    let Some(list) = list else { return Vec::new() };
    let files = (0..list.length()).filter_map(|i| list.get(i));
    files
        .map(|file| {
            let path = js_sys::Reflect::get(&file, &"webkitRelativePath".into())
                .ok()
                .and_then(|v| v.as_string())
                .unwrap_or_default();
            (if path.is_empty() { file.name() } else { path }, file)
        })
        .collect()
}
