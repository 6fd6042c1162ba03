//! Which graphics adapter the browser has. What to do about it is the worker's to decide ([`crate::protocol::Request::Start`]).

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use loam_core::device_report::AdapterReport;

fn get(object: &JsValue, key: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(key)).ok().filter(|v| !v.is_undefined() && !v.is_null())
}

fn text(object: &JsValue, key: &str) -> String {
    get(object, key).and_then(|v| v.as_string()).unwrap_or_default()
}

/// Asks the browser. `None` where there is no WebGPU, or no adapter.
///
/// By reflection, because WebGPU's bindings are unstable and the field for fallback adapters has moved between browser versions.
pub async fn probe() -> Option<AdapterReport> {
    let gpu = get(web_sys::window()?.navigator().as_ref(), "gpu")?;
    let request = get(&gpu, "requestAdapter")?.dyn_into::<Function>().ok()?;
    let options = Object::new();
    Reflect::set(&options, &"powerPreference".into(), &"high-performance".into()).ok()?;
    let promise = request.call1(&gpu, &options).ok()?.dyn_into::<Promise>().ok()?;
    let adapter = JsFuture::from(promise).await.ok().filter(|a| !a.is_null() && !a.is_undefined())?;
    let info = get(&adapter, "info").unwrap_or_else(|| Object::new().into());
    let fallback = [&info, &adapter]
        .into_iter()
        .any(|o| get(o, "isFallbackAdapter").and_then(|v| v.as_bool()).unwrap_or(false));
    let limit = get(&adapter, "limits")
        .and_then(|limits| get(&limits, "maxStorageBufferBindingSize"))
        .and_then(|v| v.as_f64());
    Some(AdapterReport {
        vendor: text(&info, "vendor"),
        architecture: text(&info, "architecture"),
        device: text(&info, "device"),
        description: text(&info, "description"),
        fallback,
        buffer_limit: limit.unwrap_or(0.0) as u64,
    })
}
