//! What trains, what writes files, what makes seasons, and what reads and compares stations, is a part of its own in the CPU's worker, fetched
//! when it is asked for: the first map does without.
//!
//! In the built app it is a wasm file split from the worker's by `wasm-split-cli` (`xtask/src/split.rs`) at the two functions marked below.
//! Elsewhere (tests, the GPU's worker, `cargo xtask serve`) the same functions are called at once.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use super::host::WorkerHost;
use crate::protocol::{Event, Failure, Request};
use crate::session::{Host, Session, Work};

type Owned = Session<Rc<WorkerHost>>;
/// Keeps the session while the part is fetched, and if it cannot be.
type Held = Rc<RefCell<Option<Owned>>>;
/// What the part does. A boxed future: its program is the part's.
type Doing = Pin<Box<dyn Future<Output = Work>>>;

/// A request of the part.
fn answering(held: Held, id: u64, request: Request) -> Doing {
    Box::pin(async move {
        let Some(mut session) = held.borrow_mut().take() else { return Work::Idle };
        session.handle_in_part(id, request).await;
        held.replace(Some(session));
        Work::Goes
    })
}

/// One piece of the run under way.
fn working(held: Held) -> Doing {
    Box::pin(async move {
        let Some(mut session) = held.borrow_mut().take() else { return Work::Idle };
        let work = session.work().await;
        held.replace(Some(session));
        work
    })
}

#[cfg(all(feature = "split", not(feature = "gpu"), target_arch = "wasm32"))]
mod part {
    // The macro declares what it loads as foreign functions and exports them under names of its own; both ends are these functions.
    #![allow(unsafe_code, reason = "the macro declares what it loads")]

    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    use super::{Doing, Held, Request};

    #[wasm_split(training, fallible)]
    pub fn answer(held: Held, id: u64, request: Request) -> Result<Doing, SplitLoaderError> {
        Ok(super::answering(held, id, request))
    }

    #[wasm_split(training, fallible)]
    pub fn work(held: Held) -> Result<Doing, SplitLoaderError> {
        Ok(super::working(held))
    }
}

#[cfg(not(all(feature = "split", not(feature = "gpu"), target_arch = "wasm32")))]
mod part {
    use std::convert::Infallible;

    use super::{Doing, Held, Request};

    #[allow(clippy::unused_async, reason = "as the split form")]
    pub async fn answer(held: Held, id: u64, request: Request) -> Result<Doing, Infallible> {
        Ok(super::answering(held, id, request))
    }

    #[allow(clippy::unused_async, reason = "as the split form")]
    pub async fn work(held: Held) -> Result<Doing, Infallible> {
        Ok(super::working(held))
    }
}

/// The session after a request of the part.
pub async fn answer(session: Owned, id: u64, request: Request) -> Owned {
    let held: Held = Rc::new(RefCell::new(Some(session)));
    let failed = match part::answer(Rc::clone(&held), id, request).await {
        Ok(doing) => {
            doing.await;
            false
        }
        Err(_) => true,
    };
    let session = taken(&held);
    if failed {
        let failure = Failure::new(
            "the part of the program that trains, writes files, makes seasons and compares stations could not be loaded",
            "Check the network, then try again.",
        );
        session.host().emit(id, Event::Failed(failure), Vec::new());
    }
    session
}

/// The session after a piece of the run under way.
pub async fn work(session: Owned) -> (Owned, Work) {
    let held: Held = Rc::new(RefCell::new(Some(session)));
    // It was loaded when the run began.
    let work = match part::work(Rc::clone(&held)).await {
        Ok(doing) => doing.await,
        Err(_) => Work::Idle,
    };
    (taken(&held), work)
}

/// What was put back: nothing else has the session while the part works.
#[allow(
    clippy::expect_used,
    reason = "whoever takes it puts it back before it ends; the worker is nothing without it"
)]
fn taken(held: &Held) -> Owned {
    held.borrow_mut().take().expect("the part put the session back")
}
