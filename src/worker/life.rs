//! A sign of life that needs no answer: a lock that the browser frees when this worker ends, however it ends.
//!
//! A worker that computes cannot answer, and one that the browser ends (memory, a crash of its process) sends no word. The page waits for
//! the lock instead ([`crate::ui`]'s link): it gets it when, and only when, the worker is gone.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, LockManager};

/// Holds the lock until the end. Its name; none where the browser has no locks (a page that is no secure context).
pub async fn hold(scope: &DedicatedWorkerGlobalScope) -> Option<String> {
    let locks = Reflect::get(&scope.navigator(), &"locks".into()).ok()?.dyn_into::<LockManager>().ok()?;
    let name = format!("loam worker {}", js_sys::Math::random());
    let granted = Promise::new(&mut |granted: Function, refused: Function| {
        let held = Closure::once_into_js(move |_: JsValue| -> Promise {
            // Fails only where nobody waits any more.
            let _ = granted.call0(&JsValue::NULL);
            Promise::new(&mut |_, _| {})
        });
        let requested = locks.request(&name, held.unchecked_ref());
        let refuse = Closure::once_into_js(move |why: JsValue| {
            let _ = refused.call1(&JsValue::NULL, &why);
        });
        let _ = Reflect::get(&requested, &"catch".into())
            .and_then(|catch| catch.unchecked_into::<Function>().call1(&requested, &refuse));
    });
    JsFuture::from(granted).await.ok().map(|_| name)
}
