//! The device line: what computes, why, and whether it computes right.

use leptos::prelude::*;

use super::store::App;
use crate::state::Event;
use loam_core::device_report::DevicePreference;

const CHOICES: [(&str, &str, DevicePreference); 3] = [
    ("auto", "Auto: a hardware GPU, else the CPU", DevicePreference::Auto),
    ("cpu", "CPU", DevicePreference::Cpu),
    ("gpu", "GPU, even a software one", DevicePreference::Gpu),
];

/// The whole section.
#[component]
pub fn DeviceSection() -> impl IntoView {
    let app = App::here();
    let prefer = move |event| {
        let value = event_target_value(&event);
        if let Some(choice) = CHOICES.iter().find(|c| c.0 == value) {
            app.tell(Event::Prefer(choice.2));
        }
    };
    let training = move || app.train.is_active();
    view! {
        <section class="device" aria-labelledby="device-title">
            <h2 id="device-title">"Device"</h2>
            {move || match app.device.get() {
                None if app.stopped.get() => view! { <p class="problem" id="device">"No worker is running, so nothing can be computed."</p> }.into_any(),
                None => view! { <p class="hint" id="device">"Starting…"</p> }.into_any(),
                Some(device) => {
                    let failed = device.check.as_ref().is_some_and(|c| !c.passed);
                    view! {
                        <p id="device"><span class="chip">{if device.gpu { "GPU" } else { "CPU" }}</span>" "{device.name.clone()}</p>
                        <p class="hint">{device.why.clone()}{device.kernels.as_ref().map(|kernels| format!("; kernels with {kernels}"))}</p>
                        {device.warning.clone().map(|w| view! { <p class="problem">{w}</p> })}
                        {device.check.as_ref().map(|c| view! { <p class=if failed { "problem" } else { "hint" } id="self-check">{c.text(device.gpu)}</p> })}
                    }
                    .into_any()
                }
            }}
            <div class="row">
                <select
                    id="preference"
                    aria-label="Device to use"
                    // Another device means another worker, and the run would be torn off.
                    disabled=training
                    title=move || training().then_some("Not while a network is trained: stop or cancel the run first")
                    on:change=prefer
                >
                    {CHOICES.iter().map(|c| view! { <option value=c.0 selected=move || app.preference.get() == c.2>{c.1}</option> }).collect_view()}
                </select>
                <button type="button" class="quiet" on:click=move |_| app.tell(Event::SelfCheck)>"Check again"</button>
            </div>
        </section>
    }
    .into_any()
}
