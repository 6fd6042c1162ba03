#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use smap_files::{BytesSource, ReadOptions};

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(BytesSource::new("SMAP_L3_SM_P_20200603_R18290_001.zip", bytes.to_vec()));
    if let Ok(granule) = smap_files::open(source) {
        for index in 0..granule.variables.len().min(40) {
            let _ = granule.variable_statistics(index, &ReadOptions::default());
            let _ = granule.read(index, &ReadOptions::default(), None);
        }
    }
});
