//! What a session needs from where it runs.

use super::helper::Helper;
use crate::protocol::{Attachment, Event};
use loam_nn::{Store, StoreError};
use smap_files::SharedSource;

/// The worker, or a test.
#[allow(async_fn_in_trait, reason = "one thread: no Send bound is wanted")]
pub trait Host {
    /// Where runs are kept.
    type Store: Store;
    /// Other workers.
    type Helper: Helper;
    /// New helpers with the same files, at most so many and no more than there are cores for; none where there can be none.
    fn helpers(&self, at_most: usize) -> Vec<Self::Helper>;
    /// Waits for a message from any helper.
    async fn helper_answered(&self);
    /// Sends an event under a request's id.
    fn emit(&self, id: u64, event: Event, attachments: Vec<Attachment>);
    /// True once the request was cancelled or superseded by a newer one of its kind.
    fn cancelled(&self, id: u64) -> bool;
    /// Lets other messages in. Called at least every 50 ms of work.
    async fn yield_now(&self);
    /// The n-th file attached to a request.
    fn source(&self, id: u64, attachment: usize) -> Option<SharedSource>;
    /// The n-th attachment of a request as bytes.
    fn bytes(&self, id: u64, attachment: usize) -> Option<Vec<u8>>;
    /// The shipped weights of a key ([`loam_core::stack::Shipped`]), as safetensors.
    async fn shipped_weights(&self, key: &str) -> Result<Vec<u8>, String>;
    /// The coastlines and borders that maps are drawn with ([`loam_core::map::Coastline`]).
    async fn coastline(&self) -> Result<Vec<u8>, String>;
    /// Milliseconds since some fixed moment.
    fn now_ms(&self) -> f64;
    /// Milliseconds since 1970.
    fn wall_ms(&self) -> f64;
    /// The storage for runs.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], for example in a private window.
    async fn store(&self) -> Result<Self::Store, StoreError>;
    /// Bytes that can still be kept, where the browser says.
    async fn storage_left(&self) -> Option<u64>;
}

impl<H: Host> Host for std::rc::Rc<H> {
    type Store = H::Store;
    type Helper = H::Helper;
    fn helpers(&self, at_most: usize) -> Vec<H::Helper> {
        (**self).helpers(at_most)
    }
    async fn helper_answered(&self) {
        (**self).helper_answered().await;
    }
    fn emit(&self, id: u64, event: Event, attachments: Vec<Attachment>) {
        (**self).emit(id, event, attachments);
    }
    fn cancelled(&self, id: u64) -> bool {
        (**self).cancelled(id)
    }
    async fn yield_now(&self) {
        (**self).yield_now().await;
    }
    fn source(&self, id: u64, attachment: usize) -> Option<SharedSource> {
        (**self).source(id, attachment)
    }
    fn bytes(&self, id: u64, attachment: usize) -> Option<Vec<u8>> {
        (**self).bytes(id, attachment)
    }
    async fn shipped_weights(&self, key: &str) -> Result<Vec<u8>, String> {
        (**self).shipped_weights(key).await
    }
    async fn coastline(&self) -> Result<Vec<u8>, String> {
        (**self).coastline().await
    }
    fn now_ms(&self) -> f64 {
        (**self).now_ms()
    }
    fn wall_ms(&self) -> f64 {
        (**self).wall_ms()
    }
    async fn store(&self) -> Result<Self::Store, StoreError> {
        (**self).store().await
    }
    async fn storage_left(&self) -> Option<u64> {
        (**self).storage_left().await
    }
}
