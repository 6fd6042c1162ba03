//! A worker of this worker: the same program, which is told what this one was told, and then asked for shares of a long job.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::{Array, Uint8Array};

use crate::link::{Incoming, Link};
use crate::protocol::{BundleRequest, Envelope, Request};
use crate::session::{Helper, HelperMessage};

/// Wakes who waits for a message of any helper.
#[derive(Default)]
pub struct Notify {
    notified: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Notify {
    fn notify(&self) {
        self.notified.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Waits for the next message; returns at once where one came since the last time.
    pub async fn notified(&self) {
        poll_fn(|context| {
            if self.notified.take() {
                return Poll::Ready(());
            }
            self.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// The messages that made this worker's files what they are, to be repeated to a helper.
#[derive(Default)]
pub struct Journal(Vec<(bool, Array)>);

impl Journal {
    /// Notes a message, where it is one of those.
    pub fn note(&mut self, request: &Request, message: &Array) {
        let of_files = match request {
            Request::Start { .. } | Request::Bundle(BundleRequest::Open { .. } | BundleRequest::Close) => {
                false
            }
            Request::Demo { .. } | Request::ForgetAll => {
                self.0.retain(|(of_files, _)| !of_files);
                true
            }
            Request::Open { .. } | Request::Forget { .. } | Request::Correct { .. } => true,
            _ => return,
        };
        self.0.push((of_files, message.clone()));
    }
}

/// A helper.
pub struct HelperWorker {
    link: Link,
    messages: Rc<RefCell<VecDeque<HelperMessage>>>,
}

impl HelperWorker {
    /// Starts one and tells it what this worker was told.
    ///
    /// # Errors
    /// The browser's words, where it refuses.
    pub fn spawn(script: &str, journal: &Journal, notify: &Rc<Notify>) -> Result<Self, String> {
        let messages = Rc::new(RefCell::new(VecDeque::new()));
        let receive = {
            let (messages, notify) = (Rc::clone(&messages), Rc::clone(notify));
            move |incoming| {
                messages.borrow_mut().push_back(match incoming {
                    Incoming::Event(envelope, attachments) => HelperMessage::Event(envelope, attachments),
                    Incoming::Lost(why) | Incoming::Absent(why) => HelperMessage::Lost(why),
                });
                notify.notify();
            }
        };
        let link = Link::spawn(script, receive)?;
        for (_, message) in &journal.0 {
            // Nothing is transferred: this worker may have to repeat it again.
            link.post(message, &Array::new())?;
        }
        Ok(Self { link, messages })
    }
}

impl Helper for HelperWorker {
    fn ask(&self, id: u64, request: Request, bytes: Option<&[u8]>) -> Result<(), String> {
        let attachments: Vec<_> = bytes.into_iter().map(|bytes| Uint8Array::from(bytes).into()).collect();
        self.link.send(&Envelope { id, body: request }, &attachments)
    }

    fn next_message(&self) -> Option<HelperMessage> {
        self.messages.borrow_mut().pop_front()
    }
}
