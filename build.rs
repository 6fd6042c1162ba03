//! Asks the linker to leave its relocations in the wasm programs: the tool that cuts them in parts (`xtask/src/split.rs`) reads from them
//! which function needs which.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if std::env::var_os("CARGO_FEATURE_SPLIT").is_some() && target == "wasm32" {
        for (program, feature) in [("app", "PAGE"), ("worker_cpu", "WORKER"), ("worker_gpu", "GPU")] {
            // Cargo refuses arguments for programs it does not build.
            if std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some() {
                println!("cargo::rustc-link-arg-bin={program}=--emit-relocs");
            }
        }
    }
}
