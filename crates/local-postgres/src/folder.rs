//! The server's folder, and who owns what in it.
//!
//! As root, the folder, the password and the log belong to root, and only `data` to the server's user: that user must not be
//! able to put a link where root writes or changes an owner. Files are opened without following links.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown, lchown},
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use crate::{
    error::{Doing, Result},
    programs::{Owner, permit, reachable},
};

/// Finds or makes the server's folder: in the project, or under `/var/lib` if the server's user cannot reach the project.
pub(crate) fn home(folder: &Path, owner: Option<Owner>) -> Result<PathBuf> {
    let home = place(folder, owner);
    fs::create_dir_all(&home).doing(|| format!("making {}", home.display()))?;
    if owner.is_some() {
        permit(folder, 0o755).ok();
    }
    take(&home, owner)?;
    Ok(home)
}

/// Where the files of a server are.
pub(crate) fn place(folder: &Path, owner: Option<Owner>) -> PathBuf {
    if owner.is_none() || reachable(folder) {
        folder.join("postgres")
    } else {
        // One name per path: two projects must not share a server.
        let name: String = folder
            .as_os_str()
            .as_bytes()
            .iter()
            .map(|&byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
                _ => format!("_{byte:02x}"),
            })
            .collect();
        // Keep the end: long paths differ there.
        PathBuf::from("/var/lib/tasker").join(&name[name.len().saturating_sub(240)..])
    }
}

/// Makes the folder ours. As root, an earlier version had given it and its files to the server's user; what that user put
/// there in place of a file is removed.
fn take(home: &Path, owner: Option<Owner>) -> Result<()> {
    let taking = || format!("taking {}", home.display());
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::DIRECTORY).bits().cast_signed())
        .open(home)
        .doing(taking)?;
    // The server's user passes through it to `data`.
    let mode = if owner.is_some() { 0o711 } else { 0o700 };
    if owner.is_some() {
        fchown(&opened, Some(0), Some(0)).doing(taking)?;
    }
    opened.set_permissions(fs::Permissions::from_mode(mode)).doing(taking)?;
    if owner.is_none() {
        return Ok(());
    }
    for path in [home.join("password"), home.join("log")] {
        let Ok(found) = path.symlink_metadata() else { continue };
        if found.is_file() && found.nlink() == 1 {
            lchown(&path, Some(0), Some(0)).doing(taking)?;
        } else {
            fs::remove_file(&path).doing(taking)?;
        }
    }
    Ok(())
}

/// Makes an empty folder of the server's user.
pub(crate) fn make_data(data: &Path, owner: Option<Owner>) -> Result<()> {
    if data.exists() {
        // Left by an interrupted initialization.
        fs::remove_dir_all(data).doing(|| format!("removing {}", data.display()))?;
    }
    fs::DirBuilder::new().mode(0o700).create(data).doing(|| format!("making {}", data.display()))?;
    match owner {
        Some(owner) => chown(data, Some(owner.uid), Some(owner.gid))
            .doing(|| format!("giving {} to the server's user", data.display())),
        None => Ok(()),
    }
}

/// Writes a new file that only its owner can read, in place of an old one.
pub(crate) fn write_private(path: &Path, text: &str, owner: Option<Owner>) -> Result<()> {
    let writing = || format!("writing {}", path.display());
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path).doing(writing)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).doing(writing)?;
    if let Some(owner) = owner {
        fchown(&file, Some(owner.uid), Some(owner.gid)).doing(writing)?;
    }
    file.write_all(text.as_bytes()).doing(writing)
}

/// Opens a log that only its owner can read, to append to it.
pub(crate) fn open_log(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options.open(path).doing(|| format!("opening {}", path.display()))
}

/// Reads a small file that may lie in the server's user's folder: not through a link, and only a regular file.
pub(crate) fn read(path: &Path) -> std::io::Result<String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let mut text = String::new();
    if file.metadata()?.is_file() && file.metadata()?.nlink() == 1 {
        file.take(1 << 20).read_to_string(&mut text)?;
    }
    Ok(text)
}

/// Returns the last lines of a log.
pub(crate) fn tail(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_is_written_or_read_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "kept").unwrap();
        let link = folder.path().join("link");
        symlink(&victim, &link).unwrap();
        assert!(open_log(&link).is_err());
        assert!(read(&link).is_err());
        write_private(&link, "new", None).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
        assert_eq!(read(&link).unwrap(), "new", "the link is replaced by a file");

        let data = folder.path().join("data");
        symlink(folder.path(), &data).unwrap();
        make_data(&data, None).unwrap();
        assert!(victim.exists(), "only the link is removed");
        assert!(data.symlink_metadata().unwrap().is_dir());
    }
}
