//! Prints docs/guide/files.md: the catalogue as a page. `cargo xtask files` writes it.

fn main() {
    print!("{}", smap_files::catalogue::guide());
}
