//! Asks the linker to leave its relocations in the page's and the CPU worker's wasm: the tool that cuts it in parts (`xtask/src/split.rs`) reads from them
//! which function needs which.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    // Cargo refuses arguments for programs it does not build.
    let has = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    if has("SPLIT") && target == "wasm32" {
        if has("PAGE") {
            println!("cargo::rustc-link-arg-bin=app=--emit-relocs");
        }
        if has("WORKER") && !has("GPU") {
            println!("cargo::rustc-link-arg-bin=worker-cpu=--emit-relocs");
        }
    }
}
