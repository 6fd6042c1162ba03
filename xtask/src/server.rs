//! A small static file server for one machine: `serve` and the end-to-end tests use it.
//!
//! Only what the app needs: GET and HEAD, one byte range, the MIME type browsers insist on for wasm, and revalidation instead of
//! caching, because what is served changes with every build. It listens on the loopback address only.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use crate::{Result, failure};

/// A server that runs on threads of its own until the process ends.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    worker: std::thread::JoinHandle<()>,
    down: Arc<AtomicBool>,
    served: Served,
}

/// Paths of the files asked for so far.
type Served = Arc<Mutex<BTreeSet<String>>>;

impl Server {
    /// Serves `dir` on 127.0.0.1; port 0 lets the system choose.
    pub fn start(dir: &Path, port: u16) -> Result<Self> {
        if !dir.join("index.html").is_file() {
            return Err(failure(format!(
                "{} has no index.html. Build the app first: cargo xtask build",
                dir.display()
            )));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|e| {
            failure(format!(
                "port {port} of 127.0.0.1 cannot be used ({e}). Choose another: cargo xtask serve --port {}",
                port.saturating_add(1)
            ))
        })?;
        let address =
            listener.local_addr().map_err(|e| failure(format!("the server's address is unknown: {e}")))?;
        let dir = dir.to_path_buf();
        let down = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&down);
        let served = Served::default();
        let asked = Arc::clone(&served);
        let worker = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (dir, down, asked) = (dir.clone(), Arc::clone(&seen), Arc::clone(&asked));
                std::thread::spawn(move || {
                    // A browser that goes away in the middle is not an error worth a word.
                    let _ = converse(&stream, &dir, &down, &asked);
                });
            }
        });
        Ok(Self { address, worker, down, served })
    }

    /// From now on hangs up on everyone, as a server that is gone: for tests of use without a network.
    pub fn hang_up(&self) {
        self.down.store(true, Ordering::Relaxed);
    }

    /// Paths of the files that were asked for so far, from the root and without a query: what a page really fetched.
    pub fn served(&self) -> Vec<String> {
        self.served.lock().map(|paths| paths.iter().cloned().collect()).unwrap_or_default()
    }

    /// Says where it is and serves until the process is ended.
    pub fn serve_forever(self) -> Result<()> {
        println!("\nLoam is at {}   (Ctrl+C ends it)", self.url());
        self.worker.join().map_err(|_| failure("the server stopped unexpectedly"))
    }

    /// `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// One request, as far as it matters here.
struct Request {
    head_only: bool,
    path: String,
    range: Option<String>,
    known_tag: Option<String>,
    keep: bool,
}

/// Requests of one connection, one after another.
fn converse(stream: &TcpStream, dir: &Path, down: &AtomicBool, asked: &Served) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        if down.load(Ordering::Relaxed) {
            break;
        }
        match request {
            Ok(request) => {
                if let (Ok(mut asked), Some(_)) =
                    (asked.lock(), resolve(dir, &request.path).filter(|path| path.is_file()))
                {
                    asked.insert(request.path.clone());
                }
                answer(stream, dir, &request)?;
                if !request.keep {
                    break;
                }
            }
            Err(status) => {
                write_head(
                    stream,
                    status,
                    &[("Content-Length", "0".into()), ("Connection", "close".into())],
                )?;
                break;
            }
        }
    }
    Ok(())
}

/// `None` at the end of the connection; `Err` with a status line for what is not served.
fn read_request(
    reader: &mut impl BufRead,
) -> std::io::Result<Option<std::result::Result<Request, &'static str>>> {
    let mut line = String::new();
    if reader.take(8192).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, target) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut request = Request {
        head_only: method == "HEAD",
        path: target.split(['?', '#']).next().unwrap_or("/").to_owned(),
        range: None,
        known_tag: None,
        keep: true,
    };
    loop {
        let mut header = String::new();
        if reader.take(8192).read_line(&mut header)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = header.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = Some(value.to_owned()),
            "if-none-match" => request.known_tag = Some(value.to_owned()),
            "connection" => request.keep = !value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    Ok(Some(if method == "GET" || method == "HEAD" { Ok(request) } else { Err("405 Method Not Allowed") }))
}

fn answer(stream: &TcpStream, dir: &Path, request: &Request) -> std::io::Result<()> {
    let opened = resolve(dir, &request.path).and_then(|path| File::open(&path).ok().map(|file| (path, file)));
    let Some((path, mut file)) = opened else {
        let body = "There is no such file.\n";
        write_head(
            stream,
            "404 Not Found",
            &[
                ("Content-Type", "text/plain; charset=utf-8".into()),
                ("Content-Length", body.len().to_string()),
            ],
        )?;
        let mut stream = stream;
        return if request.head_only { Ok(()) } else { stream.write_all(body.as_bytes()) };
    };
    let about = file.metadata()?;
    let changed = about.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let (size, tag) = (about.len(), format!("\"{:x}-{:x}\"", changed.as_nanos(), about.len()));
    if request.known_tag.as_deref() == Some(tag.as_str()) {
        return write_head(
            stream,
            "304 Not Modified",
            &[("ETag", tag), ("Cache-Control", "no-cache".into())],
        );
    }
    let (status, start, end) = match request.range.as_deref().and_then(|r| byte_range(r, size)) {
        Some((start, end)) => ("206 Partial Content", start, end),
        None => ("200 OK", 0, size),
    };
    let mut headers = vec![
        ("Content-Type", mime(&path).to_owned()),
        ("Content-Length", (end - start).to_string()),
        ("Accept-Ranges", "bytes".into()),
        ("Cache-Control", "no-cache".into()),
        ("ETag", tag),
        ("X-Content-Type-Options", "nosniff".into()),
        ("Referrer-Policy", "no-referrer".into()),
        // The page's own <meta> policy holds too; framing can only be forbidden by a header.
        ("Content-Security-Policy", "frame-ancestors 'none'".into()),
    ];
    if status.starts_with("206") {
        headers.push(("Content-Range", format!("bytes {start}-{}/{size}", end - 1)));
    }
    write_head(stream, status, &headers)?;
    if !request.head_only {
        file.seek(SeekFrom::Start(start))?;
        let mut stream = stream;
        std::io::copy(&mut file.take(end - start), &mut stream)?;
    }
    Ok(())
}

fn write_head(mut stream: &TcpStream, status: &str, headers: &[(&str, String)]) -> std::io::Result<()> {
    let mut text = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes())
}

/// The file of a request path, never outside `dir`.
fn resolve(dir: &Path, request_path: &str) -> Option<PathBuf> {
    let decoded = percent_decoded(request_path.trim_start_matches('/'))?;
    let relative = Path::new(&decoded);
    if !relative.components().all(|c| matches!(c, Component::Normal(_))) {
        return None;
    }
    let path = dir.join(relative);
    Some(if decoded.is_empty() || path.is_dir() { path.join("index.html") } else { path })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// `bytes=a-b`, `bytes=a-` or `bytes=-n` as start and end (exclusive); `None` for anything else, which is then served whole.
fn byte_range(text: &str, size: u64) -> Option<(u64, u64)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(start), Ok(last)) => (start, last.saturating_add(1).min(size)),
        (Ok(start), Err(_)) if last.is_empty() => (start, size),
        (Err(_), Ok(count)) if first.is_empty() => (size.saturating_sub(count), size),
        _ => return None,
    };
    (start < end).then_some((start, end))
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" | "md" => "text/plain; charset=utf-8",
        "tif" | "tiff" => "image/tiff",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn paths_stay_inside_the_folder() {
        let dir = Path::new("/srv");
        assert_eq!(resolve(dir, "/"), Some(PathBuf::from("/srv/index.html")));
        assert_eq!(resolve(dir, "/a%20b.js"), Some(PathBuf::from("/srv/a b.js")));
        assert_eq!(resolve(dir, "/../etc/passwd"), None);
        assert_eq!(resolve(dir, "/%2e%2e/etc/passwd"), None);
        assert_eq!(resolve(dir, "/%zz"), None);
    }

    #[test]
    fn ranges() {
        assert_eq!(byte_range("bytes=0-3", 10), Some((0, 4)));
        assert_eq!(byte_range("bytes=4-", 10), Some((4, 10)));
        assert_eq!(byte_range("bytes=-3", 10), Some((7, 10)));
        assert_eq!(byte_range("bytes=12-", 10), None);
        assert_eq!(byte_range("lines=1-2", 10), None);
    }

    fn exchange(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn files_heads_ranges_and_refusals() {
        let dir = std::env::temp_dir().join(format!("loam-server-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("index.html"), "<p>hi").unwrap();
        std::fs::write(dir.join("a.wasm"), "0123456789").unwrap();
        let server = Server::start(&dir, 0).unwrap();

        let whole = exchange(server.address, "GET /a.wasm HTTP/1.1\r\nConnection: close\r\n\r\n");
        assert!(
            whole.starts_with("HTTP/1.1 200 OK") && whole.contains("Content-Type: application/wasm\r\n"),
            "{whole}"
        );
        assert!(
            whole.contains("Cache-Control: no-cache\r\n") && whole.ends_with("\r\n\r\n0123456789"),
            "{whole}"
        );
        let part = exchange(
            server.address,
            "GET /a.wasm?v=2 HTTP/1.1\r\nRange: bytes=2-4\r\nConnection: close\r\n\r\n",
        );
        assert!(
            part.starts_with("HTTP/1.1 206")
                && part.contains("Content-Range: bytes 2-4/10\r\n")
                && part.ends_with("\r\n\r\n234"),
            "{part}"
        );
        let head = exchange(server.address, "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n");
        assert!(head.contains("Content-Length: 5\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        let none = exchange(server.address, "GET /b HTTP/1.1\r\nConnection: close\r\n\r\n");
        assert!(none.starts_with("HTTP/1.1 404"), "{none}");
        let post = exchange(server.address, "POST / HTTP/1.1\r\n\r\n");
        assert!(post.starts_with("HTTP/1.1 405"), "{post}");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
