//! A `File` the user dropped, as a [`Source`]: ranges are read with `Blob.slice`, never the whole.

use std::cell::RefCell;
use std::collections::BTreeMap;

use wasm_bindgen::JsValue;
use web_sys::{Blob, File, FileReaderSync, MessageChannel, MessagePort};

use smap_files::Source;

thread_local! {
    /// JavaScript objects cannot cross threads, a [`Source`] must be able to: so the files stay here and sources carry their number.
    static FILES: RefCell<BTreeMap<u64, File>> = const { RefCell::new(BTreeMap::new()) };
}

/// A dropped file.
pub struct FileSource {
    number: u64,
    name: String,
    length: u64,
}

impl FileSource {
    /// Takes a file in.
    pub fn new(file: File) -> Self {
        let (name, length) = (file.name(), file.size() as u64);
        let number = FILES.with_borrow_mut(|files| {
            let number = files.last_key_value().map_or(0, |(n, _)| n + 1);
            files.insert(number, file);
            number
        });
        Self { number, name, length }
    }
}

impl Drop for FileSource {
    fn drop(&mut self) {
        FILES.with_borrow_mut(|files| files.remove(&self.number));
    }
}

fn refused(value: wasm_bindgen::JsValue) -> std::io::Error {
    let text = js_sys::Error::from(value).message().as_string().unwrap_or_default();
    std::io::Error::other(format!("the browser could not read it: {text}"))
}

impl Source for FileSource {
    fn name(&self) -> &str {
        &self.name
    }
    fn len(&self) -> u64 {
        self.length
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        let end = offset + buffer.len() as u64;
        if end > self.length {
            return Err(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                format!("the file ends at {} bytes, {end} were asked for: it is cut off", self.length),
            ));
        }
        let blob: Blob = FILES
            .with_borrow(|files| {
                files.get(&self.number).map(|f| f.slice_with_f64_and_f64(offset as f64, end as f64))
            })
            .ok_or_else(|| std::io::Error::other("the file was closed"))?
            .map_err(refused)?;
        let read =
            FileReaderSync::new().and_then(|reader| reader.read_as_array_buffer(&blob)).map_err(refused)?;
        let bytes = js_sys::Uint8Array::new(&read);
        if bytes.length() as usize != buffer.len() {
            return Err(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "the browser returned fewer bytes than asked for",
            ));
        }
        bytes.copy_to(buffer);
        give_back(&read);
        Ok(())
    }
}

/// Buffers below this many bytes are left to the garbage collector.
const SMALL: u32 = 1 << 16;

/// Frees a buffer's memory now, by posting it to a port that nobody listens to: what is transferred there is dropped at once.
///
/// Left to the garbage collector of a worker that never rests, the buffers of a 1.6 GB file hold 690 MB at their peak, and 1.6 GB where they
/// are detached with `ArrayBuffer.prototype.transfer`; so they hold 33 MB (Chromium 156, reads of 1 MB).
fn give_back(buffer: &js_sys::ArrayBuffer) {
    if buffer.byte_length() < SMALL {
        return;
    }
    thread_local! {
        static NOWHERE: Option<MessagePort> = MessageChannel::new().ok().map(|channel| {
            channel.port2().close();
            channel.port1()
        });
    }
    NOWHERE.with(|nowhere| {
        if let Some(port) = nowhere {
            // Where it fails the garbage collector does it, later.
            let _ = port.post_message_with_transferable(&JsValue::NULL, &js_sys::Array::of1(buffer));
        }
    });
}
