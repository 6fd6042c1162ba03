//! Other workers beside this one, for jobs that take long.

use crate::protocol::{Attachment, Envelope, Event, Request};

/// A message from a helper.
#[derive(Debug)]
pub enum HelperMessage {
    /// An event under the id of the request that it answers.
    Event(Box<Envelope<Event>>, Vec<Attachment>),
    /// It is gone; why.
    Lost(String),
}

/// Another worker that opened the same files as this one, or is about to. Dropping it ends it.
pub trait Helper {
    /// Asks it; `bytes` is attachment 0.
    ///
    /// # Errors
    /// The browser's words, where the message cannot be sent.
    fn ask(&self, id: u64, request: Request, bytes: Option<&[u8]>) -> Result<(), String>;
    /// Its oldest message that was not taken yet.
    fn next_message(&self) -> Option<HelperMessage>;
}
