#![no_main]
//! A TIFF; behind a text of GDAL's (`x.tif.aux.xml`) where the bytes begin with one.

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use smap_files::companion::Beside;
use smap_files::{BytesSource, ReadOptions, SharedSource, with_beside};

const END: &[u8] = b"</PAMDataset>";

fuzz_target!(|bytes: &[u8]| {
    let name = "SMAP_L3_SM_P_20200603_R18290_001.tif";
    let file = |name: &str, bytes: &[u8]| Arc::new(BytesSource::new(name, bytes.to_vec())) as SharedSource;
    let end = bytes.windows(END.len()).position(|part| part == END).filter(|_| bytes.starts_with(b"<"));
    let (said, tiff) = bytes.split_at(end.map_or(0, |end| end + END.len()));
    let mut source = file(name, tiff);
    if !said.is_empty() {
        source = with_beside(source, Beside::Auxiliary, file("x.tif.aux.xml", said));
    }
    if let Ok(granule) = smap_files::open(source) {
        for index in 0..granule.variables.len().min(40) {
            let _ = granule.variable_statistics(index, &ReadOptions::default());
            let _ = granule.read(index, &ReadOptions::default(), None);
        }
    }
});
