//! What the state wants done outside: the worker's life, messages, the user's files, timers, downloads, what is remembered.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Uint8Array;
use leptos::prelude::{LocalStorage, StoredValue, set_timeout, window};
use leptos::reactive::traits::WithValue;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{File, Storage};

use super::canvas;
use crate::link::{Incoming, Link};
use crate::protocol::Envelope;
use crate::state::{Attach, Effect, Event, Remembered};
use loam_core::file::FileId;

/// Loader script of a worker: the names of the files of this build stand in `index.html`. `None` where the page was built without it.
#[must_use]
pub fn script(gpu: bool) -> Option<String> {
    let name = if gpu { "meta[name=worker-gpu]" } else { "meta[name=worker-cpu]" };
    web_sys::window()?.document()?.query_selector(name).ok()??.get_attribute("content")
}

/// Where in the browser's storage it is written which weights are in use.
const KEY: &str = "loam.weights";

/// Says what happened of it.
#[derive(Clone)]
pub struct Post(Rc<dyn Fn(Event)>);

impl Post {
    pub fn new(tell: impl Fn(Event) + 'static) -> Self {
        Self(Rc::new(tell))
    }

    fn tell(&self, event: Event) {
        (self.0)(event);
    }

    /// Not within the present call: the worker's own callback must not drop the worker.
    fn tell_later(&self, event: Event) {
        let post = self.clone();
        spawn_local(async move { post.tell(event) });
    }
}

#[derive(Default)]
struct Kept {
    link: Option<Link>,
    /// The user's files: they are only handles, so none is given up as long as the page lives.
    files: BTreeMap<FileId, File>,
    weights: Option<File>,
    weights_bytes: Option<Uint8Array>,
}

/// The page's hands. `Copy`: a handle.
#[derive(Clone, Copy)]
pub struct Outside(StoredValue<RefCell<Kept>, LocalStorage>);

impl Default for Outside {
    fn default() -> Self {
        Self::new()
    }
}

impl Outside {
    pub fn new() -> Self {
        Self(StoredValue::new_local(RefCell::default()))
    }

    fn with<R>(self, look: impl FnOnce(&mut Kept) -> R) -> R {
        self.0.with_value(|kept| look(&mut kept.borrow_mut()))
    }

    /// Keeps a file of the user's; its number. The demo has 0.
    pub fn keep(self, file: File) -> FileId {
        self.with(|kept| {
            let id = kept.files.last_key_value().map_or(1, |(id, _)| id + 1);
            kept.files.insert(id, file);
            id
        })
    }

    /// Keeps the file of weights that was chosen.
    pub fn keep_weights(self, file: File) {
        self.with(|kept| kept.weights = Some(file));
    }

    /// Does what is wanted.
    pub fn run(self, effect: Effect, post: Post) {
        match effect {
            Effect::StartWorker { gpu } => self.start(gpu, &post),
            Effect::StopWorker => self.stop(),
            Effect::Send { id, body, attach } => {
                let sent = self.with(|kept| {
                    let attachments: Vec<JsValue> = match attach {
                        Attach::Nothing => Vec::new(),
                        Attach::Files(ids) => {
                            ids.iter().filter_map(|id| kept.files.get(id)).map(JsValue::from).collect()
                        }
                        Attach::Bytes(bytes) => vec![Uint8Array::from(bytes.as_slice()).into()],
                        Attach::Weights => kept.weights_bytes.take().into_iter().map(JsValue::from).collect(),
                    };
                    // Without a worker the state was told so.
                    kept.link.as_ref().map_or(Ok(()), |link| link.send(&Envelope { id, body }, &attachments))
                });
                if let Err(why) = sent {
                    post.tell(Event::NotSent(id, why));
                }
            }
            Effect::ReadWeights => self.read_weights(post),
            Effect::Later(milliseconds, what) => {
                set_timeout(move || post.tell(Event::Due(what)), Duration::from_millis(milliseconds.into()));
            }
            Effect::Save { name, mime, bytes } => {
                let saved = canvas::download(&name, &mime, &bytes);
                post.tell(Event::Saved(name, saved));
            }
            Effect::Remember(in_use) => {
                if let Err(why) = remember(&in_use) {
                    post.tell(Event::NotRemembered(why));
                }
            }
        }
    }

    fn stop(self) {
        if let Some(link) = self.with(|kept| kept.link.take()) {
            link.end();
            // What ends it may have come through its own callback, which must not be freed under it.
            spawn_local(async move { drop(link) });
        }
    }

    fn start(self, gpu: bool, post: &Post) {
        self.stop();
        let script = script(gpu).unwrap_or_default();
        let receive = {
            let post = post.clone();
            move |incoming| match incoming {
                Incoming::Event(envelope, attachments) => post.tell(Event::Answered(envelope, attachments)),
                Incoming::Lost(why) => post.tell_later(Event::WorkerLost(why)),
                Incoming::Absent(why) => post.tell_later(Event::WorkerAbsent(why)),
            }
        };
        match Link::spawn(&script, receive) {
            Ok(link) => self.with(|kept| kept.link = Some(link)),
            Err(why) => post.tell(Event::WorkerRefused(why)),
        }
    }

    fn read_weights(self, post: Post) {
        let Some(file) = self.with(|kept| kept.weights.clone()) else { return };
        spawn_local(async move {
            match canvas::blob_bytes(&file).await {
                Ok(bytes) => {
                    self.with(|kept| kept.weights_bytes = Some(bytes));
                    post.tell(Event::WeightsRead);
                }
                Err(why) => post.tell(Event::WeightsUnreadable(why)),
            }
        });
    }
}

fn storage() -> Result<Storage, String> {
    window().local_storage().ok().flatten().ok_or_else(|| "this site may store nothing here".to_owned())
}

/// Which weights were in use. Where the storage cannot be read nothing was remembered either.
pub fn remembered() -> Remembered {
    recall(KEY).map_or(Remembered::Shipped, |text| Remembered::parse(&text))
}

/// Writes which weights are in use.
///
/// # Errors
/// Why it is not remembered, in words.
pub fn remember(in_use: &Remembered) -> Result<(), String> {
    if *in_use == remembered() {
        return Ok(());
    }
    storage()?.set_item(KEY, &in_use.text()).map_err(|_| "its storage is full or refused".to_owned())
}

/// How the page is laid out, and the like: nothing is lost where it cannot be kept.
pub fn keep(key: &str, text: &str) {
    if let Ok(storage) = storage() {
        let _ = storage.set_item(key, text);
    }
}

/// What was kept.
pub fn recall(key: &str) -> Option<String> {
    storage().ok()?.get_item(key).ok().flatten()
}
