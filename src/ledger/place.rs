//! The file and its folder: made private, checked before the database looks at them, and judged for dangers.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Makes the folder and an empty private file where there is none; refuses what cannot become or hold a
/// ledger. Gives the absolute path.
pub(super) fn prepare(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).map_err(|error| unusable(path, error))?;
    if path.to_str().is_none() {
        return Err(Error::new(Kind::Ledger, format!("The path {} is not valid Unicode.", path.display()))
            .next("Point FIRSTCUT_HOME at a folder with a plain name."));
    }
    match fs::metadata(&path) {
        Ok(found) if !found.is_file() => Err(Error::new(
            Kind::Ledger,
            format!(
                "{} should be the ledger's file, but a folder or something else is in its way.",
                path.display()
            ),
        )
        .next("Move it away, or point FIRSTCUT_HOME at another folder.")),
        Ok(found) if found.permissions().readonly() => {
            Err(Error::new(Kind::Ledger, format!("The ledger {} is marked as read-only.", path.display()))
                .next("Make the file writable for your user, or point FIRSTCUT_HOME at another folder."))
        }
        Ok(found) if found.len() == 0 => refuse_orphan(&path),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse_orphan(&path).and_then(|()| create(&path))
        }
        Err(error) => Err(unusable(&path, error)),
    }?;
    Ok(path)
}

/// Without its main file, a write-ahead journal holds the only copy of the latest jobs, and the database
/// would delete it.
fn refuse_orphan(path: &Path) -> Result<()> {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    let journal = PathBuf::from(journal);
    if fs::metadata(&journal).is_ok_and(|found| found.len() > 0) {
        return Err(Error::new(
            Kind::Ledger,
            format!("The ledger {} is missing or empty, but its journal is still there.", path.display()),
        )
        .next(format!(
            "Put the ledger back beside {}, or move that away to start afresh.",
            journal.display()
        )));
    }
    Ok(())
}

fn create(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| unusable(path, error))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // The journal and the shared memory beside it inherit these permissions.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => sync(&file, path),
        // Another process was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unusable(path, error)),
    }
}

/// Makes the name of the new file survive a power loss, where folders can be synced at all.
fn sync(file: &File, path: &Path) -> Result<()> {
    file.sync_all().map_err(|error| unusable(path, error))?;
    if let Some(Ok(folder)) = path.parent().map(File::open)
        && let Err(error) = folder.sync_all()
    {
        tracing::debug!(%error, "the ledger's folder cannot be synced");
    }
    Ok(())
}

fn unusable(path: &Path, error: io::Error) -> Error {
    use io::ErrorKind as K;
    let (why, next) = match error.kind() {
        K::PermissionDenied | K::ReadOnlyFilesystem => (
            "its folder may not be written",
            "Make the folder writable for your user, or point FIRSTCUT_HOME at another one.",
        ),
        K::StorageFull | K::QuotaExceeded => ("the disk is full", "Free some space and call again."),
        K::NotADirectory | K::AlreadyExists => (
            "a file is in the way of its folder",
            "Move that file away, or point FIRSTCUT_HOME at another folder.",
        ),
        _ => ("its folder cannot be used", "Check the folder, or point FIRSTCUT_HOME at another one."),
    };
    Error::new(Kind::Ledger, format!("The ledger {} cannot be made: {why}.", path.display()))
        .next(next)
        .because(error)
}

/// Says, as a full sentence, why this is a bad place for a ledger: on a network file system locks may do
/// nothing, and programs that synchronise a folder copy the file and its journal at different moments. Best
/// effort, and silent where nothing is known.
#[must_use]
pub fn hazard(path: &Path) -> Option<String> {
    const SYNCED: [&str; 6] =
        ["onedrive", "dropbox", "icloud", "mobile documents", "google drive", "googledrive"];
    for part in path.components() {
        let name = part.as_os_str().to_string_lossy();
        if SYNCED.iter().any(|synced| name.to_lowercase().starts_with(synced)) {
            return Some(format!(
                "The ledger {} is in a synchronised folder ({name}), which may damage it.",
                path.display()
            ));
        }
    }
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let kind = network_mount(&mounts, path)?;
    Some(format!(
        "The ledger {} is on a network or foreign file system ({kind}), where locks are not reliable.",
        path.display()
    ))
}

/// The type of the file system that holds `path`, if it is one that is not local; `mounts` as in Linux's
/// `/proc/mounts`.
fn network_mount<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    const REMOTE: [&str; 16] = [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "drvfs",
        "afs",
        "ceph",
        "lustre",
        "glusterfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "davfs",
    ];
    let holder = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            // Spaces and tabs in a mount point are written in octal.
            let point = fields.next()?.replace("\\040", " ").replace("\\011", "\t");
            let kind = fields.next()?;
            path.starts_with(&point).then(|| (Path::new(&point).components().count(), kind))
        })
        // A later mount on the same point covers the earlier one.
        .max_by_key(|(depth, _)| *depth)?;
    REMOTE.contains(&holder.1).then_some(holder.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_decides() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/home /home nfs4 rw 0 0\n/dev/sdb1 /home/ann ext4 rw 0 0\n\
                      //pc/my\\040share /mnt/my\\040share cifs rw 0 0\nC: /mnt/c 9p rw 0 0\nshort line\n";
        for (path, expected) in [
            ("/var/ledger.db", None),
            ("/home/bob/ledger.db", Some("nfs4")),
            ("/home/ann/ledger.db", None),
            ("/homely/ledger.db", None),
            ("/mnt/my share/ledger.db", Some("cifs")),
            ("/mnt/c/Users/ann/ledger.db", Some("9p")),
        ] {
            assert_eq!(network_mount(mounts, Path::new(path)), expected, "{path}");
        }
        assert_eq!(network_mount("", Path::new("/ledger.db")), None);
    }

    #[test]
    fn a_synchronised_folder_is_named() {
        let told = hazard(Path::new("/home/ann/OneDrive - Acme/firstcut/ledger.db")).unwrap_or_default();
        assert!(told.contains("OneDrive - Acme"), "{told}");
        assert_eq!(hazard(&std::env::temp_dir().join("plain/ledger.db")), None);
    }
}
