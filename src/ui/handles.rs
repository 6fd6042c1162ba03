//! Where the last files lie, kept by browsers that can (File System Access API): one click opens them again after a reload. What is in them is not kept.
//!
//! Elsewhere files are opened as ever, and nothing of this is shown. The browser's objects are called by name: only some browsers have them.

use js_sys::{Array, Function, Object, Reflect};
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, Element, File};

use super::drop::{open, promise};
use super::store::App;
use crate::link::describe;

/// The database, its only store, and the key in it.
const NAME: &str = "loam-files";
const STORE: &str = "handles";
const LAST: &str = "last";

type Found = Result<JsValue, JsValue>;

fn get(of: &JsValue, name: &str) -> Found {
    Reflect::get(of, &name.into())
}

fn call(of: &JsValue, name: &str, arguments: &[JsValue]) -> Found {
    get(of, name)?.dyn_into::<Function>()?.apply(of, &arguments.iter().collect::<Array>())
}

/// The same of what answers later.
async fn asked(of: &JsValue, name: &str, arguments: &[JsValue]) -> Found {
    JsFuture::from(js_sys::Promise::resolve(&call(of, name, arguments)?)).await
}

/// What a request to the database answers.
async fn answer(request: &JsValue) -> Found {
    promise(|done, failed| {
        let _ = Reflect::set(request, &"onsuccess".into(), done);
        let _ = Reflect::set(request, &"onerror".into(), failed);
    })
    .await?;
    get(request, "result")
}

/// The store, to read and write.
async fn store() -> Found {
    let request = call(&get(&window(), "indexedDB")?, "open", &[NAME.into(), 1.into()])?;
    let asking = request.clone();
    let made = Closure::once_into_js(move || {
        let made = get(&asking, "result").and_then(|base| call(&base, "createObjectStore", &[STORE.into()]));
        made.is_ok()
    });
    Reflect::set(&request, &"onupgradeneeded".into(), &made)?;
    let base = answer(&request).await?;
    let transaction = call(&base, "transaction", &[STORE.into(), "readwrite".into()])?;
    call(&transaction, "objectStore", &[STORE.into()])
}

async fn kept() -> Result<Array, JsValue> {
    let list = answer(&call(&store().await?, "get", &[LAST.into()])?).await?;
    Ok(list.dyn_into().unwrap_or_default())
}

async fn keep(handles: &Array) -> Found {
    answer(&call(&store().await?, "put", &[handles.into(), LAST.into()])?).await
}

/// The files of a handle: its own, or those of a folder and its folders.
async fn files_of(handle: JsValue, path: String, found: &mut Vec<(String, File)>) -> Result<(), JsValue> {
    let mut open = vec![(handle, path)];
    while let Some((handle, path)) = open.pop() {
        let name = get(&handle, "name")?.as_string().unwrap_or_default();
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        if get(&handle, "kind")? == "file" {
            found.push((path, asked(&handle, "getFile", &[]).await?.unchecked_into()));
            continue;
        }
        let entries = call(&handle, "values", &[])?;
        loop {
            let next = asked(&entries, "next", &[]).await?;
            if get(&next, "done")?.is_truthy() {
                break;
            }
            open.push((get(&next, "value")?, path.clone()));
        }
    }
    Ok(())
}

/// Opens what the handles name, where the browser allows it.
async fn reopen(handles: &Array) -> Result<Vec<(String, File)>, String> {
    let mode = Object::new();
    let words = |error| describe(&error);
    Reflect::set(&mode, &"mode".into(), &"read".into()).map_err(words)?;
    let mut found = Vec::new();
    for handle in handles.iter() {
        let allowed = asked(&handle, "requestPermission", &[mode.clone().into()]).await.map_err(words)?;
        if allowed != "granted" {
            return Err("the browser was not allowed to read them".to_owned());
        }
        files_of(handle, String::new(), &mut found).await.map_err(words)?;
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// The button, and what fills it: drops and picks of this page, remembered beside what `drop.rs` does.
#[component]
pub fn Reopen() -> impl IntoView {
    let app = App::here();
    if !Reflect::has(&window(), &"showOpenFilePicker".into()).unwrap_or(false) {
        return ().into_any();
    }
    // Of the last visit; then of this one.
    let last = RwSignal::new_local(Array::new());
    let opened = StoredValue::new_local(Array::new());
    spawn_local(async move {
        // Without a database nothing was kept, and nothing is lost.
        if let Ok(list) = kept().await {
            last.set(list);
        }
    });
    let remember = move |handle: JsValue| async move {
        let all = opened.get_value();
        all.push(&handle);
        let _ = keep(&all).await;
        last.set(all.slice(0, all.length()));
    };
    window_event_listener(ev::drop, move |event: DragEvent| {
        let Some(items) = event.data_transfer().map(|transfer| transfer.items()) else { return };
        // To be asked for before the event ends.
        for item in (0..items.length()).filter_map(|n| items.get(n)) {
            let Ok(handle) = call(&item, "getAsFileSystemHandle", &[]) else { return };
            spawn_local(async move {
                let handle = JsFuture::from(js_sys::Promise::resolve(&handle)).await;
                if let Some(handle) = handle.ok().filter(JsValue::is_object) {
                    remember(handle).await;
                }
            });
        }
    });
    // The same two buttons, with a picker that says where the files lie.
    let pick = move |event: web_sys::Event| {
        let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let picker = match pressed.map(|button| button.id()).as_deref() {
            Some("open-files") => "showOpenFilePicker",
            Some("open-folder") => "showDirectoryPicker",
            _ => return,
        };
        event.stop_propagation();
        let wish = Object::new();
        let _ = Reflect::set(&wish, &"multiple".into(), &true.into());
        spawn_local(async move {
            let picked = match asked(&window(), picker, &[wish.into()]).await {
                Ok(picked) => picked,
                // Nothing was picked.
                Err(error) if get(&error, "name").is_ok_and(|name| name == "AbortError") => return,
                Err(error) => {
                    let what = "The browser shows no list of files to pick from";
                    return app.fail(what, &describe(&error), "Drop the files on the page instead.");
                }
            };
            let handles = picked.dyn_into().unwrap_or_else(|one| Array::of1(&one));
            let mut found = Vec::new();
            for handle in handles.iter() {
                if let Err(error) = files_of(handle.clone(), String::new(), &mut found).await {
                    app.fail("A picked file could not be opened", &describe(&error), "Pick it again.");
                }
                remember(handle).await;
            }
            open(app, found);
        });
    };
    let listener = Closure::<dyn FnMut(web_sys::Event)>::new(pick).into_js_value();
    // Before the button's own listener.
    let _ = call(&document(), "addEventListener", &["click".into(), listener, true.into()]);
    let again = move |_| {
        let handles = last.get_untracked();
        opened.set_value(handles.slice(0, handles.length()));
        spawn_local(async move {
            match reopen(&handles).await {
                Ok(found) => open(app, found),
                Err(why) => app.fail(
                    "The last files were not opened",
                    &why,
                    "Press the button again and allow it, or open them as the first time.",
                ),
            }
        });
    };
    let forget = move |_| {
        last.set(Array::new());
        opened.set_value(Array::new());
        spawn_local(async move {
            if let Err(error) = keep(&Array::new()).await {
                app.fail("The last files are still known", &describe(&error), "Delete this site's data.");
            }
        });
    };
    let there = move || last.with(|list| list.length());
    let hidden = move || there() == 0 || !app.files.with(Vec::is_empty);
    view! {
        <section id="reopen" aria-label="The last files" hidden=hidden>
            <button type="button" id="reopen-files" title="The browser remembers where they lie, not what is in them" on:click=again>{move || format!("Reopen the last files ({})", there())}</button>
            <button type="button" class="quiet" on:click=forget>"Forget them"</button>
        </section>
    }
    .into_any()
}
