//! Loam in a fresh browser: opens it, finds its elements, waits for what it says, and keeps watch over the console
//! and the network.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::browser::{self, Driver};
use xtask::server::Server;

use crate::turn::{self, Turn};
use crate::webdriver::{Element, Error, Result, Session};
use crate::{parts, reference};

/// Runs before the page's own scripts: notes long tasks, stray errors and workers, and takes the save dialogue away (nobody could answer
/// it).
const WATCH: &str = "
  delete window.showSaveFilePicker;
  window.e2e = { longtasks: [], errors: [], workers: [] };
  const Plain = Worker;
  window.Worker = class extends Plain { constructor(...options) { super(...options); window.e2e.workers.push(this); } };
  addEventListener('error', e => window.e2e.errors.push(String(e.message || (e.target && e.target.src) || e)), true);
  addEventListener('unhandledrejection', e => window.e2e.errors.push('unhandled rejection: ' + String(e.reason)));
  addEventListener('securitypolicyviolation', e => window.e2e.errors.push('policy: ' + e.violatedDirective + ' ' + e.blockedURI));
  new PerformanceObserver(l => l.getEntries().forEach(e => window.e2e.longtasks.push([e.startTime, e.duration])))
    .observe({ type: 'longtask', buffered: true });
";

/// How the browser is opened.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Offer WebGPU (on SwiftShader).
    pub webgpu: bool,
    /// Window size in pixels.
    pub window: (u32, u32),
    /// Fragment of the address, with its `#`.
    pub fragment: &'static str,
    /// Language of the reader, by its code; of the browser's own where it is empty.
    pub language: &'static str,
}

impl Setting {
    /// SMEN answers, not whichever method is best: for tests of what depends on a network's weights.
    #[must_use]
    pub fn smen() -> Self {
        Self { fragment: "#method=smen", ..Self::default() }
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self { webgpu: false, window: (1400, 1000), fragment: "", language: "" }
    }
}

/// Loam, open in a browser of its own. Dropping it closes the browser.
#[derive(Debug)]
pub struct App {
    /// The browser.
    pub session: Session,
    /// Address of the page.
    pub url: String,
    name: String,
    downloads: PathBuf,
    server: Server,
    _driver: Driver,
    // Last: the browser is gone when the turn ends.
    _turn: Rc<Turn>,
}

impl App {
    /// Serves `dist/`, opens a browser and loads the page. `name` names downloads and screenshots.
    pub fn open(name: &str, setting: Setting) -> Result<Self> {
        Self::open_from(&xtask::dist_dir(), name, setting)
    }

    /// As [`App::open`], on a copy of `dist/` that was changed first.
    pub fn open_changed(
        name: &str,
        setting: Setting,
        change: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> Result<Self> {
        let copy = out_dir()?.join(format!("{name}-dist"));
        let words = |e: std::io::Error| Error(format!("{}: {e}", copy.display()));
        // What an earlier build left there has names of its own, and would be changed instead.
        if copy.is_dir() {
            std::fs::remove_dir_all(&copy).map_err(words)?;
        }
        copy_all(&xtask::dist_dir(), &copy).map_err(words)?;
        change(&copy).map_err(words)?;
        Self::open_from(&copy, name, setting)
    }

    /// A copy of `dist/` whose GPU device can be destroyed from outside ([`App::tell_worker`]), as a driver that crashes does.
    pub fn open_with_mortal_gpu(name: &str, setting: Setting) -> Result<Self> {
        const HOOK: &str = "
            const ask = GPUAdapter.prototype.requestDevice;
            GPUAdapter.prototype.requestDevice = async function (...options) {
              const device = await ask.apply(this, options);
              new BroadcastChannel('e2e').onmessage = () => device.destroy();
              return device;
            };
        ";
        Self::open_changed(name, setting, |dist| prepend(&loader(dist, "worker-gpu")?, HOOK))
    }

    /// A copy of `dist/` whose GPU finds fault with the shaders of Loam's own convolutions, as a browser with another compiler might; once told
    /// so ([`App::tell_worker`]), with every new one.
    pub fn open_with_critical_gpu(name: &str, setting: Setting) -> Result<Self> {
        const HOOK: &str = "
            const make = GPUDevice.prototype.createShaderModule;
            let disliked = /^convolve_n/;
            new BroadcastChannel('e2e').onmessage = () => { disliked = /^/; };
            GPUDevice.prototype.createShaderModule = function (descriptor) {
              const bad = disliked.test(descriptor.label ?? '');
              return make.call(this, bad ? { ...descriptor, code: descriptor.code + ' no shader' } : descriptor);
            };
        ";
        Self::open_changed(name, setting, |dist| prepend(&loader(dist, "worker-gpu")?, HOOK))
    }

    /// A copy of `dist/` whose worker throws what nobody catches when told to ([`App::tell_worker`]).
    pub fn open_with_failing_worker(name: &str, setting: Setting) -> Result<Self> {
        const HOOK: &str =
            "new BroadcastChannel('e2e').onmessage = () => { throw new Error('thrown by the test'); };\n";
        Self::open_changed(name, setting, |dist| prepend(&loader(dist, "worker-cpu")?, HOOK))
    }

    /// Tells the worker of a changed `dist/` to do what it was changed for.
    pub fn tell_worker(&self) -> Result<()> {
        self.session.script("new BroadcastChannel('e2e').postMessage('now')", &[]).map(|_| ())
    }

    /// Ends the newest worker, as a browser that needs memory does: nobody tells the page.
    pub fn end_worker(&self) -> Result<()> {
        self.session.script("window.e2e.workers.at(-1).terminate()", &[]).map(|_| ())
    }

    /// As [`App::open`], on another folder.
    pub fn open_from(dist: &Path, name: &str, setting: Setting) -> Result<Self> {
        let text = |e: xtask::Failure| Error(e.0);
        let browser = browser::present().ok_or_else(|| {
            Error(
                "Chromium or chromedriver is missing; `cargo xtask test --only e2e` installs or names them"
                    .into(),
            )
        })?;
        let turn = turn::any();
        let server = Server::start(dist, 0).map_err(text)?;
        let driver = Driver::start(&browser).map_err(text)?;
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".into(),
            "--disable-quic".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--disable-dev-shm-usage".into(),
            format!("--window-size={},{}", setting.window.0, setting.window.1),
        ];
        if setting.webgpu {
            arguments.push("--enable-unsafe-webgpu".into());
        }
        if !setting.language.is_empty() {
            arguments.extend(["lang", "accept-lang"].map(|name| format!("--{name}={}", setting.language)));
        }
        let session = Session::open(
            driver.port,
            &json!({
                "browserName": "chrome",
                "goog:chromeOptions": { "binary": browser.chromium, "args": arguments },
                "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            }),
        )?;
        let downloads = out_dir()?.join(format!("{name}-downloads"));
        let _ = std::fs::remove_dir_all(&downloads);
        std::fs::create_dir_all(&downloads).map_err(|e| Error(format!("{}: {e}", downloads.display())))?;
        session.devtools(
            "Browser.setDownloadBehavior",
            &json!({ "behavior": "allow", "downloadPath": downloads }),
        )?;
        session.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH }))?;
        let app = Self {
            session,
            url: server.url(),
            name: name.to_owned(),
            downloads,
            server,
            _driver: driver,
            _turn: turn,
        };
        app.session.navigate(&format!("{}{}", app.url, setting.fragment))?;
        Ok(app)
    }

    /// Takes the server away once the service worker holds the page, as when the network goes.
    pub fn go_offline(&self) -> Result<()> {
        self.wait(Duration::from_secs(60), "the service worker to be in charge", || {
            let ready = self.session.script(
                "return navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller)",
                &[],
            )?;
            Ok(ready.as_bool().filter(|r| *r))
        })?;
        self.server.hang_up();
        Ok(())
    }

    /// Paths of the files that page, worker and service worker asked for so far.
    pub fn fetched(&self) -> Vec<String> {
        self.server.served()
    }

    /// The element of this selector; waits up to ten seconds for it.
    pub fn get(&self, css: &str) -> Result<Element> {
        self.wait(Duration::from_secs(10), &format!("an element {css}"), || self.session.find(css))
    }

    /// Whether there is such an element now.
    pub fn has(&self, css: &str) -> Result<bool> {
        Ok(self.session.find(css)?.is_some())
    }

    /// Opens the panel at the side that the element of this selector lies in, if that is folded, by its button. What is of the frame itself is
    /// always there. Exports are put into their panel when it is first opened.
    pub fn reveal(&self, css: &str) -> Result<()> {
        self.session
            .script(
                "const there = document.querySelector(arguments[0]);
                 const exports = !there && arguments[0].includes('data-export');
                 const panel = exports ? document.querySelector('#panel-export[hidden]') : there?.closest('.sidepanel[hidden]');
                 if (panel) document.querySelector(`[aria-controls=\"${panel.id}\"]`).click();",
                &[json!(css)],
            )
            .map(|_| ())
    }

    /// By how many pixels the page scrolls, sideways and down.
    pub fn scrolls_by(&self) -> Result<(i64, i64)> {
        let script = "const d = document.documentElement;
                      return [d.scrollWidth - d.clientWidth, d.scrollHeight - d.clientHeight]";
        let over = self.session.script(script, &[])?;
        let number = |n: usize| over[n].as_i64().ok_or_else(|| Error(format!("no size of the page: {over}")));
        Ok((number(0)?, number(1)?))
    }

    /// Opens a panel of the sides (`train`, `season`, ...), where it is not open.
    pub fn open_panel(&self, panel: &str) -> Result<()> {
        let button = format!("#open-{panel}");
        self.get(&button)?;
        let script = "const b = document.querySelector(arguments[0]);
                      if (b.getAttribute('aria-expanded') === 'false') b.click()";
        self.session.script(script, &[json!(button)]).map(|_| ())
    }

    /// Opens the panel of training and its settings, which are folded away.
    pub fn open_training(&self) -> Result<()> {
        self.open_panel("train")?;
        self.get("#fine-tune details.settings")?;
        self.session
            .script("document.querySelector('#fine-tune details.settings').open = true", &[])
            .map(|_| ())
    }

    /// Clicks the element of this selector once it can be clicked.
    pub fn click(&self, css: &str) -> Result<()> {
        self.reveal(css)?;
        let css = format!("{css}:not([disabled]):not([aria-disabled=\"true\"])");
        let element = self.wait(Duration::from_secs(60), &format!("{css} to become clickable"), || {
            self.session.find(&css)
        })?;
        self.reveal(&css)?;
        // Maps and scores that come in move the page under the mouse: then once more. What lies over an element for good still fails.
        let mut tries = 0;
        loop {
            self.session.script(
                "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })",
                &[element.reference()],
            )?;
            match self.session.click(&element) {
                Err(error) if error.0.contains("click intercepted") && tries < 10 => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(200));
                }
                clicked => return clicked,
            }
        }
    }

    /// Clicks the element if it is there and can be clicked now; says whether it did.
    pub fn click_if_there(&self, css: &str) -> Result<bool> {
        let css = format!("{css}:not([disabled])");
        let clicked = self.session.script(
            "const e = document.querySelector(arguments[0]); if (e) e.click(); return !!e",
            &[json!(css)],
        )?;
        Ok(clicked.as_bool() == Some(true))
    }

    /// Visible text of the element of this selector.
    pub fn text(&self, css: &str) -> Result<String> {
        let element = self.get(css)?;
        self.reveal(css)?;
        self.session.text(&element)
    }

    /// Waits until the text of the element satisfies `wanted`, and returns it.
    pub fn text_when(&self, css: &str, within: Duration, wanted: impl Fn(&str) -> bool) -> Result<String> {
        let mut last = String::from("(no such element)");
        let found = self.wait(within, &format!("the text of {css}"), || {
            // The element may be replaced between the two commands: look at both in one script.
            let text = self.session.script(
                "const e = document.querySelector(arguments[0]); return e ? e.innerText : null",
                &[json!(css)],
            )?;
            let Some(text) = text.as_str() else { return Ok(None) };
            last = text.to_owned();
            Ok(wanted(text).then(|| text.to_owned()))
        });
        found.map_err(|e| Error(format!("{e}; it last said: {last}")))
    }

    /// Asks again and again until there is an answer.
    pub fn wait<T>(
        &self,
        within: Duration,
        what: &str,
        mut ask: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask()? {
                return Ok(answer);
            }
            if start.elapsed() > within {
                let shot = self.shoot("timeout").map(|p| p.display().to_string()).unwrap_or_default();
                return Err(Error(format!("waited {} s in vain for {what} (see {shot})", within.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// A line of `/proc/*/status`, in bytes, of the browser's largest process that shows pages: `VmRSS`, memory now, or `VmHWM`, its peak.
    pub fn largest_renderer(&self, line: &str) -> Result<u64> {
        let mut largest = 0;
        for process in Path::new("/proc").read_dir().map_err(|e| Error(format!("/proc: {e}")))?.flatten() {
            let read = |name: &str| std::fs::read_to_string(process.path().join(name)).unwrap_or_default();
            if !read("cmdline").contains("--type=renderer") {
                continue;
            }
            let status = read("status");
            let found = status.lines().find_map(|l| {
                l.strip_prefix(line)?.strip_prefix(':')?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
            });
            largest = largest.max(found.unwrap_or_default() << 10);
        }
        if largest == 0 {
            Err(Error("no process of the browser was found under /proc".into()))
        } else {
            Ok(largest)
        }
    }

    /// Waits until the page has not changed for so many milliseconds, what moves has come to rest, and all of it is drawn.
    pub fn settle(&self, quiet: u32) -> Result<()> {
        self.session
            .script(
                "return new Promise(done => {
                   let timer;
                   const after = ms => new Promise(go => setTimeout(go, ms));
                   const later = () => { clearTimeout(timer); timer = setTimeout(rest, arguments[0]); };
                   const seen = new MutationObserver(later);
                   const end = setTimeout(rest, 5000);
                   function rest() {
                     seen.disconnect(); clearTimeout(timer); clearTimeout(end);
                     const still = document.getAnimations().map(a => a.finished.catch(() => {}));
                     Promise.race([Promise.all(still), after(1000)]).then(() => requestAnimationFrame(() => requestAnimationFrame(() => done())));
                   }
                   seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
                   later();
                 })",
                &[json!(quiet)],
            )
            .map(|_| ())
    }

    /// Waits until the map is that of the present choices.
    pub fn map_drawn(&self, within: Duration) -> Result<()> {
        self.wait(within, "the map of the present choices", || {
            let stale = self
                .session
                .script("return document.querySelector('#map-stale')?.innerText ?? 'none yet'", &[])?;
            let there = self.has(parts::ESTIMATE)? && self.colours(parts::ESTIMATE)? > 8;
            Ok((!self.has(parts::CANCEL)? && stale.as_str() == Some("") && there).then_some(()))
        })
    }

    /// Sets the size of what the page lies in, whatever the window's frame takes; pixels of the screen in one of the page; a finger instead of
    /// a mouse.
    pub fn resize(&self, (width, height): (u32, u32), scale: u32, touch: bool) -> Result<()> {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": touch });
        self.session.devtools("Emulation.setDeviceMetricsOverride", &metrics)?;
        self.session.devtools("Emulation.setTouchEmulationEnabled", &json!({ "enabled": touch })).map(|_| ())
    }

    /// Gives files of this machine to the page's file picker.
    pub fn choose_files(&self, css: &str, paths: &[PathBuf]) -> Result<()> {
        let input = self.get(css)?;
        let list: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
        self.session.type_into(&input, &list.join("\n"))
    }

    /// Drops made-up files (name, contents) on the page.
    pub fn drop_files(&self, files: &[(&str, &[u8])]) -> Result<()> {
        // What is dropped before the page listens is lost.
        self.get("main")?;
        let list: Vec<Value> = files.iter().map(|(name, bytes)| json!([name, bytes])).collect();
        self.session.script(
            "const carried = new DataTransfer();
             for (const [name, bytes] of arguments[0]) carried.items.add(new File([new Uint8Array(bytes)], name));
             const target = document.querySelector('main');
             for (const kind of ['dragenter', 'dragover', 'drop'])
               target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));",
            &[Value::Array(list)],
        )?;
        Ok(())
    }

    /// Waits for a finished download whose name ends so, and returns its path.
    pub fn downloaded(&self, ending: &str) -> Result<PathBuf> {
        self.wait(Duration::from_secs(60), &format!("a download *{ending}"), || {
            let entries =
                self.downloads.read_dir().map_err(|e| Error(format!("{}: {e}", self.downloads.display())))?;
            // Chromium reserves the name with an empty file and moves the finished one over it.
            Ok(entries.flatten().map(|e| e.path()).find(|path| {
                path.to_string_lossy().ends_with(ending) && path.metadata().is_ok_and(|m| m.len() > 0)
            }))
        })
    }

    /// Number of different colours on a canvas; 1 means blank.
    pub fn colours(&self, css: &str) -> Result<u64> {
        let count = self.session.script(
            "const c = document.querySelector(arguments[0]);
             if (!c || !c.width || !c.height) return 0;
             const copy = new OffscreenCanvas(c.width, c.height), g = copy.getContext('2d');
             g.drawImage(c, 0, 0);
             return new Set(new Uint32Array(g.getImageData(0, 0, c.width, c.height).data.buffer)).size;",
            &[json!(css)],
        )?;
        Ok(count.as_u64().unwrap_or_default())
    }

    /// Saves what the window shows as `target/e2e/NAME-WHAT.png`.
    pub fn shoot(&self, what: &str) -> Result<PathBuf> {
        let path = out_dir()?.join(format!("{}-{what}.png", self.name));
        std::fs::write(&path, self.session.screenshot()?)
            .map_err(|e| Error(format!("{}: {e}", path.display())))?;
        Ok(path)
    }

    /// What the window shows, as a picture of the user's guide; only where the references are written anew.
    pub fn picture(&self, name: &str) -> Result<()> {
        if !reference::is_written() {
            return Ok(());
        }
        let folder = xtask::root().join("docs/guide/pictures");
        let words = |e: std::io::Error| Error(format!("{}: {e}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(words)?;
        std::fs::write(folder.join(format!("{name}.png")), self.session.screenshot()?).map_err(words)
    }

    /// Forgets the long tasks seen so far.
    pub fn forget_longtasks(&self) -> Result<()> {
        self.session.script("window.e2e.longtasks.length = 0", &[]).map(|_| ())
    }

    /// Longest time in milliseconds that a task held the page up, since the start or the last [`App::forget_longtasks`]; 0 where none
    /// took 50 ms or more.
    pub fn longest_task(&self) -> Result<f64> {
        let longest =
            self.session.script("return Math.max(0, ...window.e2e.longtasks.map(t => t[1]))", &[])?;
        Ok(longest.as_f64().unwrap_or_default())
    }

    /// Everything the console, the page and the network had to complain about, and every request that left this machine.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in self.session.log("browser")? {
            let message = entry["message"].as_str().unwrap_or_default();
            // Chromium's own remark when the page asks for an adapter and there is none: the case the page is built for.
            let expected = message.ends_with("No available adapters.");
            if matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")) && !expected {
                found.push(format!("console: {message}"));
            }
        }
        let errors = self
            .session
            .script("return window.e2e ? window.e2e.errors : ['the watch script did not run']", &[])?;
        found.extend(errors.as_array().into_iter().flatten().map(|e| format!("page: {e}")));
        for entry in self.session.log("performance")? {
            let Some(event) = entry["message"].as_str().and_then(|m| serde_json::from_str::<Value>(m).ok())
            else {
                continue;
            };
            let parameters = &event["message"]["params"];
            if event["message"]["method"] == "Network.requestWillBeSent" {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                let local = url.starts_with(&self.url)
                    || ["blob:", "data:", "chrome:", "about:"].iter().any(|scheme| url.starts_with(scheme));
                if !local {
                    found.push(format!("request to elsewhere: {url}"));
                }
            }
        }
        Ok(found)
    }
}

/// Copies a folder with all that is in it.
pub fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in from.read_dir()?.flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target)?
        } else {
            std::fs::copy(entry.path(), target).map(|_| ())?
        }
    }
    Ok(())
}

/// The script that starts a worker, whose name holds a hash.
pub fn loader(dist: &Path, worker: &str) -> std::io::Result<PathBuf> {
    let mut files = dist.read_dir()?.flatten().map(|entry| entry.path());
    let is_loader = |path: &PathBuf| {
        path.file_name()
            .map(|name| name.to_string_lossy())
            .is_some_and(|name| name.starts_with(worker) && name.ends_with("_loader.js"))
    };
    files
        .find(is_loader)
        .ok_or_else(|| std::io::Error::other(format!("{worker} has no loader in {}", dist.display())))
}

/// Puts lines in front of a script.
pub fn prepend(script: &Path, lines: &str) -> std::io::Result<()> {
    let rest = std::fs::read_to_string(script)?;
    std::fs::write(script, format!("{lines}{rest}"))
}

fn out_dir() -> Result<PathBuf> {
    let dir = xtask::target_dir().join("e2e");
    std::fs::create_dir_all(&dir).map_err(|e| Error(format!("{}: {e}", dir.display())))?;
    Ok(dir)
}

/// A file of the real test data beside the repository, or `None` after a line that names it.
pub fn shared(relative: &str) -> Option<PathBuf> {
    let path = xtask::root().join("..").join("shared").join("data").join(relative);
    match path.canonicalize() {
        Ok(found) => Some(found),
        Err(_) => {
            eprintln!("skipped e2e: {} is not here", Path::new("../shared/data").join(relative).display());
            None
        }
    }
}
