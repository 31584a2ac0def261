//! An ffmpeg that happens to be installed: makes plain H.264 of what the built-in decoder does not read. Used only when
//! asked for, and never needed.
//!
//! It is run without a shell, reads nothing but the one file and only as a media container (a crafted playlist must not
//! make it open other files or addresses), and ends with the caller's [`Limits`].

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Error, Limits};

/// Containers that it may read; no playlists, no concatenation scripts, no devices.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg,flv,ogg,wav,mp3,aac,flac,image2,png_pipe,jpeg_pipe";
/// What it says about a failure is cut here.
const MAX_WORDS: usize = 300;
/// Between two looks whether it has ended or has to.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    program: PathBuf,
}

impl Ffmpeg {
    /// The program of that name or path, when it runs and says that it is ffmpeg.
    ///
    /// # Errors
    /// [`Error::Undecodable`] with the reason, for a person who asked for it.
    pub fn find(program: &Path) -> Result<Self, Error> {
        let missing = |why: String| Error::Undecodable {
            reason: format!("{} cannot be used as ffmpeg: {why}", program.display()),
        };
        let asked = Command::new(program).args(["-hide_banner", "-version"]).stdin(Stdio::null()).output();
        let answer = asked.map_err(|error| missing(error.to_string()))?;
        if !answer.status.success() || !answer.stdout.starts_with(b"ffmpeg version") {
            return Err(missing("it does not say that it is ffmpeg".to_owned()));
        }
        Ok(Self { program: program.to_owned() })
    }

    /// Makes a new MP4 of a file: 8-bit H.264, sound as AAC in stereo at 48 kHz if there is any. With a `size` the
    /// picture is brought to it, with black beside what does not fit.
    ///
    /// # Errors
    /// [`Error::Undecodable`] with ffmpeg's own words, [`Error::Stopped`] by the limits, [`Error::Io`] also when the
    /// output exists already.
    pub fn convert(
        &self,
        input: &Path,
        output: &Path,
        size: Option<(u32, u32)>,
        limits: &Limits,
    ) -> Result<(), Error> {
        if output.symlink_metadata().is_ok() {
            return Err(std::io::Error::from(std::io::ErrorKind::AlreadyExists).into());
        }
        let shape = match size {
            Some((w, h)) => format!(
                "scale={w}:{h}:force_original_aspect_ratio=decrease:force_divisible_by=2,pad={w}:{h}:-1:-1,setsar=1"
            ),
            None => "scale=trunc(iw*sar/2)*2:trunc(ih/2)*2,setsar=1".to_owned(),
        };
        let mut command = Command::new(&self.program);
        command
            .args(["-nostdin", "-hide_banner", "-v", "error", "-n"])
            .args(["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS, "-i"])
            .arg(address(input))
            .args(["-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1", "-sn", "-dn"])
            .args(["-vf", &format!("{shape},format=yuv420p")])
            .args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "18"])
            .args(["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2"])
            .args(["-movflags", "+faststart", "-f", "mp4"])
            .arg(address(output));
        let ended = run(command, limits);
        if !matches!(&ended, Ok((status, _)) if status.success()) {
            // Half a file is of no use; the first trouble is the one to tell.
            let _ = std::fs::remove_file(output);
        }
        let (status, words) = ended?;
        if status.success() {
            return Ok(());
        }
        let name = input.file_name().unwrap_or_default().to_string_lossy();
        Err(Error::Undecodable {
            reason: format!("ffmpeg gave {name} up ({status}): {}", crate::redact::quote(&words, MAX_WORDS)),
        })
    }
}

/// A path that cannot be taken for an option or another protocol.
fn address(path: &Path) -> OsString {
    let mut address = OsString::from("file:");
    address.push(path);
    address
}

/// Runs a program to its end or to that of the limits; gives what it said on stderr.
fn run(mut command: Command, limits: &Limits) -> Result<(ExitStatus, String), Error> {
    let mut child = Guard(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?);
    let mut stderr = child.0.stderr.take();
    // Read aside, so that a talkative program never waits for us.
    let listening = std::thread::spawn(move || {
        let mut words = Vec::new();
        if let Some(stderr) = &mut stderr {
            let mut kept = stderr.take(64 * 1024);
            let _ = kept.read_to_end(&mut words);
            let _ = std::io::copy(kept.get_mut(), &mut std::io::sink());
        }
        String::from_utf8_lossy(&words).into_owned()
    });
    let status = loop {
        if let Some(status) = child.0.try_wait()? {
            break status;
        }
        limits.go_on()?;
        std::thread::sleep(LOOK_EVERY);
    };
    Ok((status, listening.join().unwrap_or_default()))
}

/// Ends the program with whoever waits for it.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}
