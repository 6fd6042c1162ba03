//! What file names say: product, dates, orbit, version (formats.md 2.1-2.3, 2.6).
