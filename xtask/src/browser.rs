//! Finds Chromium and its WebDriver, and installs both through apt where that is possible.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::process::{self, find};
use crate::{Result, failure};

const BROWSERS: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC_BROWSER: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The browser the tests run in, and its driver.
#[derive(Debug, Clone)]
pub struct Browser {
    /// Chromium or Chrome.
    pub chromium: PathBuf,
    /// chromedriver of the same major version.
    pub driver: PathBuf,
}

/// What is on this machine, without installing anything.
pub fn present() -> Option<Browser> {
    let chromium = BROWSERS
        .iter()
        .find_map(|name| find(name, &[]))
        .or_else(|| Some(PathBuf::from(MAC_BROWSER)).filter(|p| p.is_file()))?;
    let named = std::env::var_os("CHROMEDRIVER").map(PathBuf::from).filter(|p| p.is_file());
    let driver = named.or_else(|| find("chromedriver", &[PathBuf::from("/usr/lib/chromium-browser")]))?;
    Some(Browser { chromium, driver })
}

/// What is on this machine, or can be put there by apt.
pub fn ensure() -> Result<Browser> {
    if let Some(browser) = present() {
        return Ok(browser);
    }
    if find("apt-get", &[]).is_some() {
        eprintln!("Chromium or its driver is missing; installing both through apt.");
        let root = process::output("id", &["-u"]).as_deref() == Some("0");
        let apt = |arguments: &[&str]| {
            let mut command = if root {
                Command::new("apt-get")
            } else {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "apt-get"]);
                sudo
            };
            command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            process::run(&mut command)
        };
        // A failed update is not the end: the lists already here may do.
        let _ = apt(&["update", "-q"]);
        for packages in [["chromium", "chromium-driver"], ["chromium-browser", "chromium-chromedriver"]] {
            if apt(&["install", "-y", "-q", "--no-install-recommends", packages[0], packages[1]]).is_ok() {
                break;
            }
        }
        if let Some(browser) = present() {
            return Ok(browser);
        }
    }
    Err(failure(
        "Chromium and chromedriver are needed for the browser tests, and at least one is missing.\n\
         Debian:   apt-get install chromium chromium-driver\n\
         Ubuntu:   apt-get install chromium-browser chromium-chromedriver\n\
         Fedora:   dnf install chromium chromedriver\n\
         Arch:     pacman -S chromium\n\
         macOS:    brew install --cask google-chrome chromedriver\n\
         Native tests alone: cargo xtask test --quick",
    ))
}

/// chromedriver on a port of its own choice; ends with this value.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    /// Where it listens.
    pub port: u16,
}

impl Driver {
    /// Starts it and waits for the line that names its port.
    ///
    /// chromedriver takes a free port on one address family and asks for the same on the other; where another process
    /// has it there, chromedriver ends. A new try takes a new port.
    pub fn start(browser: &Browser) -> Result<Self> {
        const TRIES: usize = 5;
        let mut said = String::new();
        for _ in 0..TRIES {
            match Self::try_start(browser)? {
                Ok(driver) => return Ok(driver),
                Err(lines) => said = lines,
            }
        }
        Err(failure(format!(
            "{} ended {TRIES} times without saying on which port it listens. The last time it said:\n{said}",
            browser.driver.display()
        )))
    }

    /// The driver, or what it said before it ended.
    fn try_start(browser: &Browser) -> Result<std::result::Result<Self, String>> {
        let mut command = Command::new(&browser.driver);
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command
            .spawn()
            .map_err(|e| failure(format!("{} could not be started ({e})", browser.driver.display())))?;
        let mut said = String::new();
        if let Some(out) = child.stdout.take() {
            let mut lines = BufReader::new(out).lines().map_while(std::result::Result::ok);
            for line in lines.by_ref() {
                if let Some(port) = port_in(&line) {
                    // Keep its pipe empty, or it blocks.
                    std::thread::spawn(move || lines.for_each(drop));
                    return Ok(Ok(Self { child, port }));
                }
                said.push_str(&line);
                said.push('\n');
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        Ok(Err(said))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// "ChromeDriver was started successfully on port 41234." gives 41234.
fn port_in(line: &str) -> Option<u16> {
    line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A driver that ends at its first start, as chromedriver does where its port is taken, and listens at the second.
    #[cfg(unix)]
    #[test]
    fn a_driver_that_ends_is_started_again() -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("loam-driver-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let script = |name: &str, text: &str| -> std::io::Result<PathBuf> {
            let path = folder.join(name);
            std::fs::write(&path, text)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
            Ok(path)
        };
        let seen = folder.join("seen");
        let second = script(
            "second",
            &format!(
                "#!/bin/sh\nif [ -e {0} ]; then echo 'ChromeDriver was started successfully on port 41234.'; exec sleep 60; \
                 else touch {0}; echo 'bind() failed'; fi\n",
                seen.display()
            ),
        )?;
        let never = script("never", "#!/bin/sh\necho 'bind() failed'\n")?;
        let browser = |driver: PathBuf| Browser { chromium: PathBuf::new(), driver };
        assert_eq!(Driver::start(&browser(second)).map(|d| d.port).ok(), Some(41234));
        let said = Driver::start(&browser(never)).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said.contains("5 times") && said.contains("bind() failed"), "{said}");
        std::fs::remove_dir_all(&folder)
    }

    #[test]
    fn port_line() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 41234."), Some(41234));
        assert_eq!(port_in("Starting ChromeDriver 156"), None);
    }
}
