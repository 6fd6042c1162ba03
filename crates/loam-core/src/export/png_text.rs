//! Provenance inside a PNG file: text chunks and the print resolution, put into an image that somebody else encoded.
//!
//! The browser's canvas writes PNG itself; only what it leaves out is added here (PNG specification, third edition, 11.3.3 and 11.3.4.3),
//! which keeps an encoder and its compression tables out of the page. Tests read the result with the `png` crate.

/// Signature and the header chunk, always first and always this long.
const HEADER: usize = 8 + 25;

/// Why bytes cannot be annotated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {bytes} bytes are not a PNG image: the browser did not encode the figure; try a smaller region")]
pub struct NotPng {
    /// Length of what was given.
    pub bytes: usize,
}

/// The image with (keyword, text) chunks and its resolution in pixels per metre. Keywords are ASCII, 1 to 79 characters; text may be
/// any (`tEXt` where it is ASCII, `iTXt` in UTF-8 otherwise).
///
/// # Errors
/// [`NotPng`] where the bytes do not start as a PNG image does.
pub fn annotate(png: &[u8], metadata: &[(&str, String)], pixels_per_metre: u32) -> Result<Vec<u8>, NotPng> {
    let not_png = NotPng { bytes: png.len() };
    let is_png = png.starts_with(b"\x89PNG\r\n\x1a\n") && png.get(12..16) == Some(b"IHDR".as_slice());
    let (header, rest) = png.split_at_checked(HEADER).filter(|_| is_png).ok_or(not_png)?;
    let mut out = header.to_vec();
    let resolution = pixels_per_metre.to_be_bytes();
    chunk(&mut out, *b"pHYs", &[&resolution[..], &resolution[..], &[1]].concat());
    for (keyword, text) in metadata {
        if text.is_ascii() {
            chunk(&mut out, *b"tEXt", &[keyword.as_bytes(), &[0], text.as_bytes()].concat());
        } else {
            // Not compressed, no language, no translated keyword.
            chunk(&mut out, *b"iTXt", &[keyword.as_bytes(), &[0, 0, 0, 0, 0], text.as_bytes()].concat());
        }
    }
    out.extend_from_slice(rest);
    Ok(out)
}

pub(super) fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend_from_slice(&kind);
    out.extend_from_slice(data);
    let checksum = crc32(&out[start..]);
    out.extend_from_slice(&checksum.to_be_bytes());
}

/// CRC-32 of the PNG specification (annex D), and of zip archives, bit by bit: pictures here are so small that a table would take more of the page than it saves.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_matches_the_specification() {
        // The CRC of an empty IEND chunk, as in every PNG file.
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn another_reader_finds_the_text_and_the_pixels() -> Result<(), Box<dyn std::error::Error>> {
        let mut plain = Vec::new();
        let mut encoder = png::Encoder::new(&mut plain, 2, 1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(&[1, 2, 3, 4, 5, 6])?;
        let metadata = [("Title", "Soil moisture".to_owned()), ("Inputs", "Münster.h5".to_owned())];
        let bytes = annotate(&plain, &metadata, 11_811)?;
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info()?;
        let mut pixels = vec![0; 6];
        reader.next_frame(&mut pixels)?;
        assert_eq!(pixels, [1, 2, 3, 4, 5, 6]);
        let info = reader.info();
        assert_eq!(info.uncompressed_latin1_text[0].text, "Soil moisture");
        assert_eq!(info.utf8_text[0].get_text()?, "Münster.h5");
        assert_eq!(info.pixel_dims.map(|d| d.xppu), Some(11_811));
        Ok(())
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(annotate(b"GIF89a", &[], 1), Err(NotPng { bytes: 6 }));
    }
}
