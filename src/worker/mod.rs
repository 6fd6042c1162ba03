//! The worker behind the page: a [`Session`] whose host is a dedicated Web Worker.
//!
//! A message is a JavaScript array: `[head, ...attachments]`, the head the bytes of an [`Envelope`], the attachments `File`s and typed
//! arrays on the way in, typed arrays (transferred, not copied) on the way out. Requests are carried out one after another; `Cancel` is
//! taken off the line at once, so that a running job sees it the next time it yields.

mod blob;
mod helper;
mod host;
mod life;
#[cfg(feature = "gpu")]
mod nudge;
mod store;
mod training;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::protocol::{Envelope, Event, Failure, Request, wire};
use crate::session::{Session, Work};
use host::WorkerHost;

/// Requests not yet begun, and who waits for them.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<(u64, Request)>,
    running: bool,
}

/// Installs the message handler. Called once, from `bin/worker.rs`.
///
/// # Errors
/// Where this is not a dedicated worker.
pub fn start() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let host = Rc::new(WorkerHost::new(scope.clone()));
    // A panic inside a promise reaches no error handler of the page, so it is posted: id 0 says that the worker is lost.
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            let what = format!("an internal error: {info}");
            let failure = Failure { what, remedy: String::new() };
            WorkerHost::new(scope).send(0, &Event::Failed(failure), Vec::new());
        }
    }));
    let session = Rc::new(RefCell::new(Some(Session::new(Rc::clone(&host)))));
    let queue = Rc::new(RefCell::new(Queue::default()));

    let handler = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let parts = js_sys::Array::from(&message.data());
        let head =
            parts.get(0).dyn_into::<js_sys::Uint8Array>().map(|bytes| bytes.to_vec()).unwrap_or_default();
        match wire::read::<Request>(&head) {
            Err(error) => {
                let what = format!("the worker did not understand a message ({error})");
                host.send(0, &Event::Failed(Failure { what, remedy: "Reload the page.".into() }), Vec::new());
            }
            Ok(Envelope { id, body }) => {
                // A cancel is taken off the line at once, so that what runs hears of it; a paused run does when the line moves on.
                match body {
                    Request::Cancel { id } => host.cancel(id),
                    body => {
                        host.receive(id, &body, &parts);
                        queue.borrow_mut().waiting.push_back((id, body));
                    }
                }
                if std::mem::replace(&mut queue.borrow_mut().running, true) {
                    return;
                }
                let (session, queue, host) = (Rc::clone(&session), Rc::clone(&queue), Rc::clone(&host));
                wasm_bindgen_futures::spawn_local(async move {
                    let Some(mut owned) = session.borrow_mut().take() else { return };
                    #[cfg(feature = "gpu")]
                    let _nudges = nudge::Nudges::begin();
                    // Requests first; between them, one piece at a time, the run that trains.
                    loop {
                        let next = queue.borrow_mut().waiting.pop_front();
                        match next {
                            Some((id, _)) if host.is_cancelled(id) => {
                                host.send(id, &Event::Cancelled, Vec::new());
                                host.forget(id);
                            }
                            Some((id, request)) => {
                                owned = if request.needs_part() {
                                    training::answer(owned, id, request).await
                                } else {
                                    owned.handle_other(id, request).await;
                                    owned
                                };
                                if owned.training_id() != Some(id) {
                                    host.forget(id);
                                }
                            }
                            None if owned.training_id().is_none() => break,
                            None => {
                                let (after, work) = training::work(owned).await;
                                owned = after;
                                match work {
                                    Work::Goes => {}
                                    Work::Over(id) => host.forget(id),
                                    Work::Idle => break,
                                }
                            }
                        }
                    }
                    queue.borrow_mut().running = false;
                    *session.borrow_mut() = Some(owned);
                });
            }
        }
    });
    scope.set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget(); // Lives as long as the worker.
    // The page waits for this before its first request: messages sent earlier would be lost.
    wasm_bindgen_futures::spawn_local(async move {
        let message = js_sys::Array::of1(&JsValue::from_str("ready"));
        if let Some(name) = life::hold(&scope).await {
            message.push(&JsValue::from_str(&name));
        }
        if let Err(error) = scope.post_message(&message) {
            web_sys::console::error_1(&error);
        }
    });
    Ok(())
}
