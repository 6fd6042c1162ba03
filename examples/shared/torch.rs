//! PyTorch as a peer: `tests/reference/bench_torch.py` in a process of its own that answers line by line, so that runs can take turns.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// The process, and what it said of itself.
pub struct Torch {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    about: Value,
}

impl Torch {
    /// Starts it on `cpu` or `cuda`, for images of this side; `tf32`: with the rounding that a card of NVIDIA's is allowed by default.
    ///
    /// # Errors
    /// A sentence, where there is no Python, no torch, or no such device.
    pub fn start(device: &str, tf32: bool, side: usize, threads: usize) -> Result<Self, String> {
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/bench_torch.py");
        let mut command = Command::new(&python);
        command.args([
            script,
            "--device",
            device,
            "--side",
            &side.to_string(),
            "--threads",
            &threads.to_string(),
        ]);
        command.args(tf32.then_some("--tf32"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{python} could not be started ({error})"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("it has no pipes".into());
        };
        let mut torch = Self { child, to, from: BufReader::new(from), about: Value::Null };
        match torch.answer() {
            Ok(about) => torch.about = about,
            Err(_) => {
                let mut said = String::new();
                if let Some(mut pipe) = torch.child.stderr.take() {
                    use std::io::Read;
                    let _ = pipe.read_to_string(&mut said);
                }
                let last = said.lines().last().unwrap_or("it ended without a word").to_owned();
                return Err(format!("{last} (pip install -r tests/reference/requirements-torch.txt)"));
            }
        }
        Ok(torch)
    }

    fn answer(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.from.read_line(&mut line).map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|error| format!("PyTorch's process said {line:?} ({error})"))
    }

    fn ask(&mut self, (training, batch): (bool, usize), more: &str) -> Result<Value, String> {
        let kind = if training { "step" } else { "forward" };
        writeln!(self.to, "{kind} {batch}{more}")
            .and_then(|()| self.to.flush())
            .map_err(|error| error.to_string())?;
        self.answer()
    }

    /// One run: milliseconds, and the mean estimate or the loss before the step.
    ///
    /// # Errors
    /// Where the process is gone.
    pub fn run(&mut self, task: (bool, usize)) -> Result<(f64, f64), Box<dyn std::error::Error>> {
        let answer = self.ask(task, "")?;
        let number = |name: &str| answer[name].as_f64().ok_or_else(|| format!("no {name} in {answer}"));
        Ok((number("ms")?, number("number")?))
    }

    /// The first weights again.
    ///
    /// # Errors
    /// Where the process is gone.
    pub fn reset(&mut self, task: (bool, usize)) -> Result<(), String> {
        self.ask(task, " reset").map(|_| ())
    }

    fn word(&self, name: &str) -> &str {
        self.about[name].as_str().unwrap_or("?")
    }

    /// For the table.
    pub fn name(&self) -> String {
        format!("PyTorch {}, {}", self.word("torch"), self.word("device"))
    }

    /// True where it rounds factors to 10 bits.
    pub fn rounds(&self) -> bool {
        self.word("device").ends_with("TF32")
    }

    /// Its version, against the one that is pinned.
    pub fn about(&self) -> String {
        let (there, pinned) = (self.word("torch"), self.word("pinned"));
        let other = if there.split('+').next() == Some(pinned) {
            String::new()
        } else {
            format!(", where {pinned} is pinned")
        };
        format!(
            "PyTorch {there}{other}, eager float32, {}, {} threads",
            self.word("device"),
            self.about["threads"]
        )
    }
}

impl Drop for Torch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
