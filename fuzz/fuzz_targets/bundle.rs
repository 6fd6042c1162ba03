#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use loam_core::export::bundle::{Manifest, compare, read};
use smap_files::{BytesSource, SharedSource};

fuzz_target!(|bytes: &[u8]| {
    let _ = Manifest::read(bytes);
    let source: SharedSource = Arc::new(BytesSource::new("bundle.zip", bytes.to_vec()));
    if let Ok(bundle) = read(&source) {
        for map in &bundle.maps {
            let _ = compare(map, map, &bundle.manifest.settings.window);
        }
    }
});
