//! Asks the linker to leave its relocations in the page's wasm: the tool that cuts it in parts (`xtask/src/split.rs`) reads from them
//! which function needs which.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    // Cargo refuses arguments for programs it does not build.
    if std::env::var_os("CARGO_FEATURE_SPLIT").is_some()
        && std::env::var_os("CARGO_FEATURE_PAGE").is_some()
        && target == "wasm32"
    {
        println!("cargo::rustc-link-arg-bin=app=--emit-relocs");
    }
}
