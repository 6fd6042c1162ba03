//! A button that asks once more, in place, before it throws something away.

use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// What the button says, what it asks, and the two answers. `id` and `yes_id` for those there is one of.
pub struct Question {
    pub label: &'static str,
    pub name: String,
    pub question: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    pub id: Option<&'static str>,
    pub yes_id: Option<&'static str>,
}

/// The button. The focus goes to the answer that changes nothing, and back to the button after it.
pub fn confirmed(question: Question, act: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let Question { label, name, question, yes, no, id, yes_id } = question;
    let asking = RwSignal::new(false);
    let declined = StoredValue::new(false);
    let (button, safe) = (NodeRef::<html::Button>::new(), NodeRef::<html::Button>::new());
    Effect::new(move |_| {
        if asking.get() {
            if let Some(safe) = safe.get() {
                let _ = safe.focus();
            }
        } else if let Some(button) = button.get()
            && declined.get_value()
        {
            declined.set_value(false);
            let _ = button.focus();
        }
    });
    let decline = move || {
        declined.set_value(true);
        asking.set(false);
    };
    let agree = move || {
        asking.set(false);
        act();
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            decline();
        }
    };
    (move || {
        if asking.get() {
            view! {
                <span class="confirm" role="group" aria-label=question on:keydown=escape>
                    <span>{question}</span>
                    <button type="button" class="danger" id=yes_id on:click=move |_| agree()>{yes}</button>
                    <button type="button" node_ref=safe on:click=move |_| decline()>{no}</button>
                </span>
            }
            .into_any()
        } else {
            let name = name.clone();
            view! { <button type="button" id=id node_ref=button aria-label=name on:click=move |_| asking.set(true)>{label}</button> }
                .into_any()
        }
    })
    .into_any()
}
