//! The worker's side of a [`Session`](crate::session::Session): messages, cancel flags, yields to the browser, shipped weights.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, File, MessageChannel, Response};

use super::blob::FileSource;
use super::helper::{HelperWorker, Journal, Notify};
use super::store::{self, BrowserStore};
use crate::protocol::{Attachment, Envelope, Event, Request, wire};
use crate::session::Host;
use loam_nn::StoreError;
use smap_files::SharedSource;

/// Least time between two yields, ms: a macrotask costs about 0.1 ms, and cancel should feel immediate.
const YIELD_EVERY_MS: f64 = 12.0;

/// What is known of a request while it waits or runs.
struct Known {
    kind: std::mem::Discriminant<Request>,
    attachments: Vec<JsValue>,
    cancelled: bool,
}

/// A dedicated worker as a host.
pub struct WorkerHost {
    scope: DedicatedWorkerGlobalScope,
    known: RefCell<BTreeMap<u64, Known>>,
    last_yield: Cell<f64>,
    /// The file asked for last: members of one archive come in a row, each with the archive.
    last_source: RefCell<Option<(File, SharedSource)>>,
    /// For helpers.
    journal: RefCell<Journal>,
    helper_message: Rc<Notify>,
}

impl WorkerHost {
    /// Around the worker's global scope.
    pub fn new(scope: DedicatedWorkerGlobalScope) -> Self {
        Self {
            scope,
            known: RefCell::default(),
            last_yield: Cell::new(0.0),
            last_source: RefCell::default(),
            journal: RefCell::default(),
            helper_message: Rc::default(),
        }
    }

    /// Notes a request that came in; older ones of a kind that supersedes are cancelled.
    pub fn receive(&self, id: u64, request: &Request, parts: &Array) {
        self.journal.borrow_mut().note(request, parts);
        let kind = std::mem::discriminant(request);
        let mut known = self.known.borrow_mut();
        if matches!(
            request,
            Request::Predict { .. }
                | Request::Season { .. }
                | Request::Rank { .. }
                | Request::Look { .. }
                | Request::Timeline { .. }
                | Request::Demo { .. }
        ) {
            for older in known.values_mut().filter(|k| k.kind == kind) {
                older.cancelled = true;
            }
        }
        known.insert(id, Known { kind, attachments: parts.iter().skip(1).collect(), cancelled: false });
    }

    /// Marks a request as cancelled.
    pub fn cancel(&self, id: u64) {
        if let Some(known) = self.known.borrow_mut().get_mut(&id) {
            known.cancelled = true;
        }
    }

    /// Was it?
    pub fn is_cancelled(&self, id: u64) -> bool {
        self.known.borrow().get(&id).is_some_and(|k| k.cancelled)
    }

    /// Drops what is known of a finished request.
    pub fn forget(&self, id: u64) {
        self.known.borrow_mut().remove(&id);
        *self.last_source.borrow_mut() = None;
    }

    /// Posts an event, its attachments transferred.
    pub fn send(&self, id: u64, event: &Event, attachments: Vec<Attachment>) {
        let Ok(head) = wire::write(&Envelope { id, body: event }) else { return };
        let head = Uint8Array::from(head.as_slice());
        let message = Array::of1(&head);
        let transfer = Array::of1(&head.buffer());
        for attachment in attachments {
            match attachment {
                Attachment::F32(values) => {
                    let array = Float32Array::from(values.as_slice());
                    transfer.push(&array.buffer());
                    message.push(&array);
                }
                Attachment::U8(values) => {
                    let array = Uint8Array::from(values.as_slice());
                    transfer.push(&array.buffer());
                    message.push(&array);
                }
            }
        }
        if self.scope.post_message_with_transfer(&message, &transfer).is_err() {
            web_sys::console::error_1(&JsValue::from_str("an event could not be posted to the page"));
        }
    }

    /// A file of this site.
    async fn fetched(&self, url: &str) -> Result<Vec<u8>, String> {
        let text = |e: JsValue| js_sys::Error::from(e).message().as_string().unwrap_or_default();
        let response: Response =
            JsFuture::from(self.scope.fetch_with_str(url)).await.map_err(text)?.dyn_into().map_err(text)?;
        if !response.ok() {
            return Err(format!("{url}: HTTP {}", response.status()));
        }
        let buffer = JsFuture::from(response.array_buffer().map_err(text)?).await.map_err(text)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }

    fn attachment(&self, id: u64, n: usize) -> Option<JsValue> {
        self.known.borrow().get(&id).and_then(|k| k.attachments.get(n).cloned())
    }
}

impl Host for WorkerHost {
    type Store = BrowserStore;
    type Helper = HelperWorker;

    fn helpers(&self, at_most: usize) -> Vec<HelperWorker> {
        // The GPU's worker has one queue to share out, not cores.
        if cfg!(feature = "gpu") {
            return Vec::new();
        }
        let (script, journal) = (self.scope.location().href(), self.journal.borrow());
        let cores = self.scope.navigator().hardware_concurrency() as usize;
        let spawn = |_| HelperWorker::spawn(&script, &journal, &self.helper_message);
        // Where the browser gives none, the work is done here.
        (0..cores.saturating_sub(1).min(at_most)).map_while(|n| spawn(n).ok()).collect()
    }

    async fn helper_answered(&self) {
        self.helper_message.notified().await;
    }

    fn emit(&self, id: u64, event: Event, attachments: Vec<Attachment>) {
        self.send(id, &event, attachments);
    }

    fn cancelled(&self, id: u64) -> bool {
        self.is_cancelled(id)
    }

    /// A macrotask: waking a future yields to microtasks only, and a cancel message would never arrive. A message channel, since
    /// `setTimeout` is throttled in background tabs.
    async fn yield_now(&self) {
        let now = self.now_ms();
        if now - self.last_yield.get() < YIELD_EVERY_MS {
            return;
        }
        if let Ok(channel) = MessageChannel::new() {
            let promise = js_sys::Promise::new(&mut |resolve, _| {
                channel.port1().set_onmessage(Some(&resolve));
                // Cannot fail for a fresh port; if it did, the promise below would never resolve, so resolve at once.
                if channel.port2().post_message(&JsValue::NULL).is_err() {
                    let _ = resolve.call0(&JsValue::NULL);
                }
            });
            let _ = JsFuture::from(promise).await;
            channel.port1().close();
        }
        self.last_yield.set(self.now_ms());
    }

    fn source(&self, id: u64, attachment: usize) -> Option<SharedSource> {
        let file: File = self.attachment(id, attachment)?.dyn_into().ok()?;
        let mut last = self.last_source.borrow_mut();
        match &*last {
            Some((same, source)) if *same == file => Some(source.clone()),
            _ => {
                let source: SharedSource = Arc::new(FileSource::new(file.clone()));
                *last = Some((file, source.clone()));
                Some(source)
            }
        }
    }

    fn bytes(&self, id: u64, attachment: usize) -> Option<Vec<u8>> {
        let value = self.attachment(id, attachment)?;
        match value.dyn_into::<Uint8Array>() {
            Ok(array) => Some(array.to_vec()),
            Err(value) => {
                let source = FileSource::new(value.dyn_into::<File>().ok()?);
                smap_files::read_all(&source).ok()
            }
        }
    }

    async fn shipped_weights(&self, key: &str) -> Result<Vec<u8>, String> {
        self.fetched(&format!("./weights/{key}.safetensors")).await
    }

    async fn coastline(&self) -> Result<Vec<u8>, String> {
        self.fetched("./coastline.bin").await
    }

    fn now_ms(&self) -> f64 {
        self.scope.performance().map_or(0.0, |p| p.now())
    }

    fn wall_ms(&self) -> f64 {
        js_sys::Date::now()
    }

    async fn store(&self) -> Result<BrowserStore, StoreError> {
        BrowserStore::open(&self.scope).await
    }

    async fn storage_left(&self) -> Option<u64> {
        store::storage_left(&self.scope).await
    }
}
