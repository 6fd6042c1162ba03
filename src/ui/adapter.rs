//! Which graphics adapter the browser has, and which of the two workers to load for it.
//!
//! A WebGPU adapter may be a CPU posing as a GPU (SwiftShader, llvmpipe, Microsoft Basic Render): more than ten times slower than the CPU
//! path. The GPU worker, several megabytes, is loaded only where a hardware adapter exists or the user insists.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::protocol::{AdapterReport, DevicePreference};

/// Words in an adapter's description that betray a CPU.
const SOFTWARE: [&str; 5] = ["swiftshader", "llvmpipe", "lavapipe", "basic render", "softpipe"];

/// Whether this adapter is a CPU posing as a GPU.
#[must_use]
pub fn is_software(adapter: &AdapterReport) -> bool {
    let text = format!("{} {} {} {}", adapter.vendor, adapter.architecture, adapter.device, adapter.description).to_ascii_lowercase();
    adapter.fallback || SOFTWARE.iter().any(|word| text.contains(word))
}

/// Whether to load the GPU worker: for a hardware adapter, or where the user insists.
#[must_use]
pub fn wants_gpu_worker(preference: DevicePreference, adapter: Option<&AdapterReport>) -> bool {
    match preference {
        DevicePreference::Cpu => false,
        DevicePreference::Gpu => true,
        DevicePreference::Auto => adapter.is_some_and(|a| !is_software(a)),
    }
}

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
    let fallback = [&info, &adapter].into_iter().any(|o| get(o, "isFallbackAdapter").and_then(|v| v.as_bool()).unwrap_or(false));
    let limit = get(&adapter, "limits").and_then(|limits| get(&limits, "maxStorageBufferBindingSize")).and_then(|v| v.as_f64());
    Some(AdapterReport {
        vendor: text(&info, "vendor"),
        architecture: text(&info, "architecture"),
        device: text(&info, "device"),
        description: text(&info, "description"),
        fallback,
        buffer_limit: limit.unwrap_or(0.0) as u64,
    })
}
