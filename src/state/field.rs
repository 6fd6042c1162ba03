//! A value of the state that notes when it was changed, so that only what shows it is drawn again.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which fields changed since they were last asked for: one bit each. Makes the fields.
#[derive(Debug, Default)]
pub struct Fields {
    changed: Arc<AtomicU64>,
    made: u32,
}

impl Fields {
    /// A field with its first value. At most 64 can be made.
    pub(super) fn of<T>(&mut self, value: T) -> Field<T> {
        debug_assert!(self.made < 64, "a bit for each field");
        let bit = 1u64.wrapping_shl(self.made);
        self.made += 1;
        Field { value, bit, changed: Arc::clone(&self.changed) }
    }

    /// The bits of the fields that changed since the last call.
    #[must_use]
    pub fn take(&self) -> u64 {
        self.changed.swap(0, Ordering::Relaxed)
    }
}

/// A value that is read like itself; whoever borrows it to change it, changes it.
#[derive(Debug)]
pub struct Field<T> {
    value: T,
    bit: u64,
    changed: Arc<AtomicU64>,
}

impl<T> Field<T> {
    /// Its bit in [`Fields::take`].
    #[must_use]
    pub fn bit(&self) -> u64 {
        self.bit
    }

    fn mark(&self) {
        self.changed.fetch_or(self.bit, Ordering::Relaxed);
    }

    /// Another value.
    pub fn set(&mut self, value: T) {
        self.value = value;
        self.mark();
    }

    /// Takes the value out and leaves the empty one.
    pub fn take(&mut self) -> T
    where
        T: Default,
    {
        self.mark();
        std::mem::take(&mut self.value)
    }

    /// To change it without saying so: what shows it is told by another field.
    pub fn quiet(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: PartialEq> Field<T> {
    /// Another value; the same one changes nothing.
    pub fn put(&mut self, value: T) {
        if self.value != value {
            self.set(value);
        }
    }
}

impl<T> Deref for Field<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Field<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.mark();
        &mut self.value
    }
}
