//! Whose turn it is: tests share the machine, and one that measures how long something takes has it for itself.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static MACHINE: RwLock<()> = RwLock::new(());

thread_local! {
    // A test has one thread. Its second browser must not wait behind a test that waits for its first.
    static MINE: RefCell<Weak<Turn>> = const { RefCell::new(Weak::new()) };
}

/// The time in which a test has the machine; it ends with the last clone.
#[derive(Debug)]
pub enum Turn {
    /// Beside others.
    Shared(RwLockReadGuard<'static, ()>),
    /// Alone.
    Alone(RwLockWriteGuard<'static, ()>),
}

/// For a test that measures, before it opens a browser: waits until no other test has one open, and keeps the others waiting.
pub fn alone() -> Rc<Turn> {
    take(|| Turn::Alone(MACHINE.write().unwrap_or_else(PoisonError::into_inner)))
}

/// The turn that this test has, or one beside others.
pub(crate) fn any() -> Rc<Turn> {
    take(|| Turn::Shared(MACHINE.read().unwrap_or_else(PoisonError::into_inner)))
}

fn take(new: impl FnOnce() -> Turn) -> Rc<Turn> {
    MINE.with_borrow_mut(|mine| {
        mine.upgrade().unwrap_or_else(|| {
            let turn = Rc::new(new());
            *mine = Rc::downgrade(&turn);
            turn
        })
    })
}
