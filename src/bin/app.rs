//! The page: mounts the components of `loam::ui`.

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    loam::ui::mount();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("`app` is the page of Loam and runs in a browser only: use `cargo xtask serve`");
    std::process::exit(2);
}
