//! The asking side of the protocol: one worker, messages out, events in. The page's, and that of a worker which has helpers.
//!
//! A message is the JavaScript array `[head, ...attachments]`: the head holds the bytes of an [`Envelope`], the attachments are `File`s or
//! typed arrays on the way out and typed arrays (transferred) on the way in.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, LockManager, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::protocol::{Attachment, Envelope, Event, Request, wire};

/// What comes from the worker.
pub enum Incoming {
    /// An event with its attachments.
    Event(Box<Envelope<Event>>, Vec<Attachment>),
    /// The worker died; why.
    Lost(String),
    /// The worker's program could not be loaded; why.
    Absent(String),
}

/// First message of every worker: messages posted while its program was still loading would be lost, so they wait for it. With it comes
/// the name of the lock that the worker holds as long as it lives.
const READY: &str = "ready";

/// Messages, each with what of it to transfer, that wait for the worker; `None` once it is ready.
type Waiting = Rc<RefCell<Option<Vec<(Array, Array)>>>>;

/// A running worker. Dropping it ends the worker and gives its memory back.
pub struct Link {
    worker: Worker,
    waiting: Waiting,
    /// Ended by us, or said to be lost: nothing more is said of it.
    ended: Rc<Cell<bool>>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(web_sys::Event)>,
}

impl Link {
    /// Starts the worker.
    ///
    /// # Errors
    /// The browser's words, where it refuses.
    pub fn spawn(script: &str, receive: impl Fn(Incoming) + Clone + 'static) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(script, &options).map_err(|e| describe(&e))?;
        let waiting: Waiting = Rc::new(RefCell::new(Some(Vec::new())));
        let ended = Rc::new(Cell::new(false));
        // However many signs there are of it, a loss is said once.
        let lost = {
            let (receive, ended) = (receive.clone(), Rc::clone(&ended));
            move |why: String| {
                if !ended.replace(true) {
                    receive(Incoming::Lost(why));
                }
            }
        };
        let on_message = {
            let (receive, lost, worker, waiting) =
                (receive.clone(), lost.clone(), worker.clone(), Rc::clone(&waiting));
            Closure::new(move |event: MessageEvent| {
                let ready = event
                    .data()
                    .dyn_into::<Array>()
                    .ok()
                    .filter(|message| message.get(0).as_string().as_deref() == Some(READY));
                if let Some(message) = ready {
                    if let Some(name) = message.get(1).as_string() {
                        when_free(&name, lost.clone());
                    }
                    for (message, transfer) in waiting.take().unwrap_or_default() {
                        if let Err(why) = worker.post_message_with_transfer(&message, &transfer) {
                            lost(describe(&why));
                        }
                    }
                    return;
                }
                match decode(&event.data()) {
                    Ok((envelope, attachments)) => receive(Incoming::Event(Box::new(envelope), attachments)),
                    Err(why) => lost(why),
                }
            })
        };
        // A plain event, without a message, where the script itself cannot be fetched; an error event for all else.
        let on_error = {
            let waiting = Rc::clone(&waiting);
            Closure::new(move |event: web_sys::Event| {
                event.prevent_default();
                let message =
                    event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|m| !m.is_empty());
                let why = message.unwrap_or_else(|| "its program could not be fetched".to_owned());
                let ready = waiting.borrow().is_none();
                if ready { lost(why) } else { receive(Incoming::Absent(why)) }
            })
        };
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, waiting, ended, _message: on_message, _error: on_error })
    }

    /// Sends a request. Typed arrays among the attachments are transferred.
    ///
    /// # Errors
    /// The browser's words, where the message cannot be sent.
    pub fn send(&self, envelope: &Envelope<Request>, attachments: &[JsValue]) -> Result<(), String> {
        let (message, transfer) = encode(envelope, attachments)?;
        self.post(&message, &transfer)
    }

    /// Sends a message, of which some parts are transferred.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub fn post(&self, message: &Array, transfer: &Array) -> Result<(), String> {
        if let Some(waiting) = self.waiting.borrow_mut().as_mut() {
            waiting.push((message.clone(), transfer.clone()));
            return Ok(());
        }
        self.worker.post_message_with_transfer(message, transfer).map_err(|e| describe(&e))
    }
}

impl Link {
    /// Ends the worker; nothing more is heard of it.
    pub fn end(&self) {
        self.ended.set(true);
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.end();
    }
}

/// Calls `lost` when a worker's lock is free, which is when the worker is gone.
fn when_free(name: &str, lost: impl Fn(String) + 'static) {
    let of = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &name.into());
    let locks = of(&js_sys::global(), "navigator").and_then(|navigator| of(&navigator, "locks"));
    let Some(locks) = locks.ok().and_then(|locks| locks.dyn_into::<LockManager>().ok()) else { return };
    let freed = Closure::once_into_js(move |_: JsValue| lost("the browser ended it".to_owned()));
    // The promise settles after the callback; there is nothing to wait for.
    let _ = locks.request(name, freed.unchecked_ref());
}

/// The array to post, and what of it to transfer.
///
/// # Errors
/// Where a head cannot be written (never, for the protocol's types).
pub fn encode(envelope: &Envelope<Request>, attachments: &[JsValue]) -> Result<(Array, Array), String> {
    let head = wire::write(envelope).map_err(|e| format!("the request could not be written ({e})"))?;
    let head = Uint8Array::from(head.as_slice());
    let (message, transfer) = (Array::of1(&head), Array::of1(&head.buffer()));
    for attachment in attachments {
        message.push(attachment);
        if let Some(bytes) = attachment.dyn_ref::<Uint8Array>() {
            transfer.push(&bytes.buffer());
        }
    }
    Ok((message, transfer))
}

/// An event from the array the worker posted.
///
/// # Errors
/// Where it is no such array: page and worker come from different builds.
pub fn decode(data: &JsValue) -> Result<(Envelope<Event>, Vec<Attachment>), String> {
    let unknown = |why: String| {
        format!(
            "its message could not be understood ({why}): reload the page, so that page and worker are of one version"
        )
    };
    let message = data.dyn_ref::<Array>().ok_or_else(|| unknown("not an array".to_owned()))?;
    let head = message.get(0).dyn_into::<Uint8Array>().map_err(|_| unknown("no head".to_owned()))?;
    let envelope = wire::read(&head.to_vec()).map_err(|e| unknown(e.to_string()))?;
    let mut attachments = Vec::new();
    for item in message.iter().skip(1) {
        if let Some(values) = item.dyn_ref::<Float32Array>() {
            attachments.push(Attachment::F32(values.to_vec()));
        } else if let Some(bytes) = item.dyn_ref::<Uint8Array>() {
            attachments.push(Attachment::U8(bytes.to_vec()));
        } else {
            return Err(unknown("an attachment of unknown type".to_owned()));
        }
    }
    Ok((envelope, attachments))
}

/// A thrown JavaScript value in words.
#[must_use]
pub fn describe(value: &JsValue) -> String {
    let error = value.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    error.or_else(|| value.as_string()).unwrap_or_else(|| format!("{value:?}"))
}
