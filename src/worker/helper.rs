//! A worker of this worker: the same program, which is told what this one was told, and then asked for shares of a long job.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::{Array, Uint8Array};

use crate::link::{Incoming, Link};
use crate::protocol::{BundleRequest, Envelope, Request};
use crate::session::{Heard, Helper};

/// Rings when a helper has said something.
#[derive(Default)]
pub struct Bell {
    rung: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Bell {
    fn ring(&self) {
        self.rung.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Until it rings; at once where it has since the last time.
    pub async fn rings(&self) {
        poll_fn(|context| {
            if self.rung.take() {
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
    heard: Rc<RefCell<VecDeque<Heard>>>,
}

impl HelperWorker {
    /// Starts one and tells it what this worker was told.
    ///
    /// # Errors
    /// The browser's words, where it refuses.
    pub fn spawn(script: &str, journal: &Journal, bell: &Rc<Bell>) -> Result<Self, String> {
        let heard = Rc::new(RefCell::new(VecDeque::new()));
        let receive = {
            let (heard, bell) = (Rc::clone(&heard), Rc::clone(bell));
            move |incoming| {
                heard.borrow_mut().push_back(match incoming {
                    Incoming::Event(envelope, attachments) => Heard::Event(envelope, attachments),
                    Incoming::Lost(why) | Incoming::Absent(why) => Heard::Lost(why),
                });
                bell.ring();
            }
        };
        let link = Link::spawn(script, receive)?;
        for (_, message) in &journal.0 {
            // Nothing is transferred: this worker may have to repeat it again.
            link.post(message, &Array::new())?;
        }
        Ok(Self { link, heard })
    }
}

impl Helper for HelperWorker {
    fn ask(&self, id: u64, request: Request, bytes: Option<&[u8]>) -> Result<(), String> {
        let attachments: Vec<_> = bytes.into_iter().map(|bytes| Uint8Array::from(bytes).into()).collect();
        self.link.send(&Envelope { id, body: request }, &attachments)
    }

    fn heard(&self) -> Option<Heard> {
        self.heard.borrow_mut().pop_front()
    }
}
