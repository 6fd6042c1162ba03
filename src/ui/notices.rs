//! What went wrong, why, what to do. The page and everything in it still stand.

use leptos::prelude::*;

use super::store::App;
use crate::state::Event;

/// With a full stop and a capital, save where it begins with the name of a file.
fn sentence(text: &str) -> String {
    let mut text = text.trim().to_owned();
    let word = text.bytes().position(|b| b == b' ').unwrap_or(text.len());
    // By bytes: Unicode's table of letters would be a hundredth of the page. A word may end with a colon.
    let is_word = match &text.as_bytes()[..word] {
        [start @ .., last] => {
            start.iter().all(|b| b.is_ascii_alphabetic() || !b.is_ascii()) && !last.is_ascii_digit()
        }
        [] => false,
    };
    if let Some(first) = text.get_mut(..1).filter(|_| is_word) {
        first.make_ascii_uppercase();
    }
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

/// The list, newest last; each can be put away.
#[component]
pub fn Notices() -> impl IntoView {
    let app = App::here();
    view! {
        <div class="notices" role="log" aria-live="assertive" aria-label="Messages">
            <For each=move || app.notices.get() key=|n| n.number let:notice>
                <div class=if notice.error { "notice error" } else { "notice" }>
                    <p>
                        <strong>{if notice.error { "Problem. " } else { "Note. " }}</strong>
                        // A table (which tensors of a weights file do not fit) keeps its lines and columns.
                        <span class=if notice.failure.what.contains('\n') { "lines" } else { "" }>{sentence(&notice.failure.what)}</span>
                        {(!notice.failure.remedy.is_empty()).then(|| format!(" {}", sentence(&notice.failure.remedy)))}
                    </p>
                    <button type="button" class="quiet" aria-label="Dismiss this message" on:click={
                        let number = notice.number;
                        move |_| app.tell(Event::Dismiss(number))
                    }>"Dismiss"</button>
                </div>
            </For>
        </div>
    }
    .into_any()
}
