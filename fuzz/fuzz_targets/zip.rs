#![no_main]
//! An archive by itself, and what is in it, archives in it too.

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use smap_files::{BytesSource, Granule, ReadOptions, SharedSource, archive};

fn read(granule: &Granule) {
    for index in 0..granule.variables.len().min(40) {
        let _ = granule.variable_statistics(index, &ReadOptions::default());
        let _ = granule.read(index, &ReadOptions::default(), None);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let source: SharedSource = Arc::new(BytesSource::new("SMAP_L3_SM_P_20200603_R18290_001.zip", bytes.to_vec()));
    if let Ok(granule) = smap_files::open(source.clone()) {
        read(&granule);
    }
    for member in archive::members(&source).ok().flatten().into_iter().flatten().take(20) {
        if let Ok(granule) = member.source().and_then(smap_files::open) {
            read(&granule);
        }
    }
});
