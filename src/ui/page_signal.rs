//! The page's own signal: a value that lives as long as the page, and the list of those who want to hear of its changes.
//!
//! leptos's `RwSignal` compiles its arena, locks and guards anew for every type it holds, some 5 kB of the page for each of two dozen types. Here
//! all of that is one type, leptos's `ArcTrigger`, and what is left per type is a lock that is none on wasm (leptos wants
//! closures that could be sent). The price: a [`PageSignal`] is never freed, so it is
//! for the page's state ([`super::App`]), which is made once, not for what a component makes whenever it is shown.

use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use leptos::reactive::signal::ArcTrigger;
use leptos::reactive::traits::{Notify, Track};

struct Inner<T> {
    value: RwLock<T>,
    changed: ArcTrigger,
}

/// A value with its listeners. `Copy`: a handle.
pub struct PageSignal<T: 'static>(&'static Inner<T>);

impl<T> Clone for PageSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PageSignal<T> {}

/// The same signal, whatever its value.
impl<T> PartialEq for PageSignal<T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl<T> PageSignal<T> {
    /// A value for as long as the page lives.
    pub fn new(value: T) -> Self {
        Self(Box::leak(Box::new(Inner { value: RwLock::new(value), changed: ArcTrigger::new() })))
    }

    /// Whatever computes now is computed again when the value changes.
    pub fn track(self) {
        self.0.changed.track();
    }

    fn write(self) -> RwLockWriteGuard<'static, T> {
        self.0.value.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(self) {
        self.0.changed.notify();
    }

    /// Looks at the value, and listens to it.
    pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(look)
    }

    /// Looks at the value.
    pub fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another value. The old one is dropped after the new one is in place: its end may look here.
    pub fn set(self, value: T) {
        let old = std::mem::replace(&mut *self.write(), value);
        drop(old);
        self.changed();
    }

    /// Changes the value, and tells.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.update_untracked(change);
        self.changed();
    }

    /// Changes the value without telling.
    pub fn update_untracked(self, change: impl FnOnce(&mut T)) {
        change(&mut self.write());
    }
}

impl<T: Clone> PageSignal<T> {
    /// The value, listened to.
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// The value.
    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}
