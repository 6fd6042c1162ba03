//! A picture as PNG, where no browser encodes it: eight bits, with alpha, not filtered.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::png_text::chunk;

/// Row-major RGBA, four bytes a pixel, as the bytes of a PNG file.
///
/// # Errors
/// What the compressor says.
pub(super) fn encode(width: usize, rgba: &[u8]) -> std::io::Result<Vec<u8>> {
    let side = |n: usize| u32::try_from(n).map_err(std::io::Error::other);
    let height = rgba.len().checked_div(4 * width).unwrap_or(0);
    let mut header = Vec::with_capacity(13);
    header.extend_from_slice(&side(width)?.to_be_bytes());
    header.extend_from_slice(&side(height)?.to_be_bytes());
    // Bits a sample, colour with alpha, deflate, filter method 0, not interlaced.
    header.extend_from_slice(&[8, 6, 0, 0, 0]);
    let mut lines = ZlibEncoder::new(Vec::new(), Compression::default());
    for line in rgba.chunks_exact((4 * width).max(1)) {
        lines.write_all(&[0])?;
        lines.write_all(line)?;
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"tEXt", b"Software\0Loam");
    chunk(&mut png, *b"IDAT", &lines.finish()?);
    chunk(&mut png, *b"IEND", &[]);
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_png_crate_reads_the_same_pixels() -> Result<(), Box<dyn std::error::Error>> {
        let rgba: Vec<u8> = (0..4 * 7 * 5).map(|i| (i * 37 % 256) as u8).collect();
        let bytes = encode(7, &rgba)?;
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info()?;
        let mut pixels = vec![0; rgba.len()];
        reader.next_frame(&mut pixels)?;
        assert_eq!((reader.info().width, reader.info().height), (7, 5));
        assert_eq!(pixels, rgba);
        Ok(())
    }
}
