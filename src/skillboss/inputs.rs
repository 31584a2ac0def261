//! Inputs: everything that a clip can be asked for with, and pictures read from files (SkillBoss wholesale API page, Parameters).

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::error::{Error, Kind, Result};
use crate::redact;

/// The largest picture.
pub const MAX_PICTURE_BYTES: u64 = 8 * 1024 * 1024;
/// All pictures of one call together; in base64 they grow by a third.
pub const MAX_PICTURES_BYTES: usize = 20 * 1024 * 1024;
/// The longest prompt; nothing that a person writes is longer.
pub const MAX_PROMPT_CHARS: usize = 20_000;

/// How the length of a clip is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `duration` (SkillBoss pipeline page).
    Standard,
    /// `duration_seconds` (SkillBoss wholesale API page).
    Wholesale,
}

/// What one clip is made from. What is not given is left to the service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// The words, in their own language.
    pub prompt: String,
    /// Whole seconds.
    pub duration_s: Option<u32>,
    /// The shape, as in `9:16`.
    pub aspect: Option<String>,
    /// The size, as in `720p`.
    pub resolution: Option<String>,
    /// What should not be in it.
    pub negative_prompt: Option<String>,
    /// The first frame.
    pub image: Option<Picture>,
    /// The last frame.
    pub last_frame: Option<Picture>,
    /// What people and things look like.
    pub reference_images: Vec<Picture>,
    /// Whether there is sound; the service's default is none.
    pub generate_audio: Option<bool>,
    /// Fields of a model that this program does not know, such as `seed`.
    pub extra: Map<String, Value>,
}

impl Inputs {
    /// The object to send.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] for an empty or endless prompt and for an extra field that is none;
    /// [`Kind::FileTooLarge`] when the pictures are too large together.
    pub fn to_json(&self, spelling: Spelling) -> Result<Map<String, Value>> {
        if self.picture_bytes() > MAX_PICTURES_BYTES {
            return Err(Error::new(Kind::FileTooLarge, "The pictures are larger than 20 MB together.")
                .next("Make them smaller, or give fewer."));
        }
        let mut fields = self.to_json_without_pictures(spelling)?;
        let mut put = |name: &str, picture: Option<&Picture>| {
            if let Some(picture) = picture {
                fields.insert(name.to_owned(), Value::String(picture.to_base64()));
            }
        };
        put("image", self.image.as_ref());
        put("last_frame", self.last_frame.as_ref());
        if !self.reference_images.is_empty() {
            let pictures = self.reference_images.iter().map(Picture::to_base64).collect();
            fields.insert("reference_images".to_owned(), pictures);
        }
        Ok(fields)
    }

    /// The size of all pictures together.
    pub(super) fn picture_bytes(&self) -> usize {
        let pictures = [&self.image, &self.last_frame].into_iter().flatten().chain(&self.reference_images);
        pictures.map(|picture| picture.bytes.len()).sum()
    }

    /// The same for an estimate: a grey dot stands in for every picture, because what is in it does not change the price,
    /// and a model that needs one has no price without.
    pub(super) fn to_json_for_estimate(&self, spelling: Spelling) -> Result<Map<String, Value>> {
        let stand_in = |picture: &Option<Picture>| picture.as_ref().map(|_| Picture::stand_in());
        Self {
            image: stand_in(&self.image),
            last_frame: stand_in(&self.last_frame),
            reference_images: self.reference_images.iter().map(|_| Picture::stand_in()).collect(),
            ..self.clone()
        }
        .to_json(spelling)
    }

    fn to_json_without_pictures(&self, spelling: Spelling) -> Result<Map<String, Value>> {
        if self.prompt.trim().is_empty() {
            return Err(Error::invalid("The prompt is empty."));
        }
        if self.prompt.chars().count() > MAX_PROMPT_CHARS {
            return Err(Error::invalid(format!("The prompt is longer than {MAX_PROMPT_CHARS} characters.")));
        }
        let mut fields = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        put("prompt", Some(json!(self.prompt)));
        let duration = match spelling {
            Spelling::Standard => "duration",
            Spelling::Wholesale => "duration_seconds",
        };
        put(duration, self.duration_s.map(Value::from));
        put("aspect_ratio", self.aspect.clone().map(Value::from));
        put("resolution", self.resolution.clone().map(Value::from));
        put("negative_prompt", self.negative_prompt.clone().map(Value::from));
        put("generate_audio", self.generate_audio.map(Value::from));
        for (name, value) in &self.extra {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            let is_name = (1..=64).contains(&name.len()) && name.bytes().all(plain);
            if !is_name || KNOWN.contains(&name.as_str()) {
                return Err(Error::invalid(format!("\"{}\" cannot be an extra input.", redact::label(name)))
                    .next("Extra inputs are fields of the model's card, such as seed; the known ones have options of their own."));
            }
            fields.insert(name.clone(), value.clone());
        }
        Ok(fields)
    }
}

/// Fields that have a place of their own.
const KNOWN: [&str; 10] = [
    "prompt",
    "duration",
    "duration_seconds",
    "aspect_ratio",
    "resolution",
    "negative_prompt",
    "image",
    "last_frame",
    "reference_images",
    "generate_audio",
];

/// A picture that goes along: PNG, JPEG or WebP by its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    bytes: Bytes,
    mime: &'static str,
}

/// A grey picture of one pixel (PNG).
const DOT: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\x0aIDATx\xdach\x00\x00\x00\x82\x00\x81\xdaE\x08;\x00\x00\x00\x00IEND\xaeB`\x82";

impl Picture {
    /// A picture that stands for any other where nobody looks at it.
    #[must_use]
    pub const fn stand_in() -> Self {
        Self { bytes: Bytes::from_static(DOT), mime: "image/png" }
    }

    /// Reads a file. Whether it may be read at all was decided before.
    ///
    /// # Errors
    /// [`Kind::Storage`] when it cannot be read, [`Kind::FileTooLarge`] over 8 MB, [`Kind::UnsupportedFile`] when its
    /// content is no PNG, JPEG or WebP.
    pub async fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let failed =
            |error: std::io::Error| Error::storage(format!("{shown} cannot be read: {error}."), error);
        let facts = tokio::fs::metadata(path).await.map_err(failed)?;
        if facts.len() > MAX_PICTURE_BYTES {
            return Err(too_large(&shown.to_string()));
        }
        let bytes = tokio::fs::read(path).await.map_err(failed)?;
        Self::new(bytes, &shown.to_string())
    }

    /// Takes the bytes of a picture; `name` is what it is called in an error.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn new(bytes: impl Into<Bytes>, name: &str) -> Result<Self> {
        let bytes = bytes.into();
        if bytes.len() as u64 > MAX_PICTURE_BYTES {
            return Err(too_large(name));
        }
        let mime = match &*bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            _ => {
                return Err(Error::new(
                    Kind::UnsupportedFile,
                    format!("{name} is no PNG, JPEG or WebP picture."),
                )
                .next("Save it as one of these and try again."));
            }
        };
        Ok(Self { bytes, mime })
    }

    /// What it is, as in `image/png`.
    #[must_use]
    pub const fn mime(&self) -> &'static str {
        self.mime
    }

    fn to_base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

/// Pictures are private and large: only their kind and size are shown.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.mime, self.bytes.len())
    }
}

fn too_large(name: &str) -> Error {
    Error::new(Kind::FileTooLarge, format!("{name} is larger than 8 MB."))
        .next("Make it smaller and try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn picture() -> Picture {
        Picture::new(PNG, "a.png").unwrap()
    }

    #[test]
    fn every_field_has_its_name() {
        let inputs = Inputs {
            prompt: "Ein Leuchtturm".into(),
            duration_s: Some(8),
            aspect: Some("9:16".into()),
            resolution: Some("720p".into()),
            negative_prompt: Some("blurry".into()),
            image: Some(picture()),
            last_frame: Some(picture()),
            reference_images: vec![picture()],
            generate_audio: Some(true),
            extra: Map::from_iter([("seed".to_owned(), json!(7))]),
        };
        let coded = "iVBORw0KGgpyZXN0";
        let expected = json!({
            "prompt": "Ein Leuchtturm", "duration_seconds": 8, "aspect_ratio": "9:16", "resolution": "720p",
            "negative_prompt": "blurry", "generate_audio": true, "seed": 7,
            "image": coded, "last_frame": coded, "reference_images": [coded],
        });
        assert_eq!(Value::Object(inputs.to_json(Spelling::Wholesale).unwrap()), expected);
        let standard = inputs.to_json(Spelling::Standard).unwrap();
        assert_eq!((standard.get("duration"), standard.get("duration_seconds")), (Some(&json!(8)), None));
        assert!(!format!("{inputs:?}").contains("rest"));

        let plain = Inputs { prompt: "x".into(), ..Inputs::default() };
        assert_eq!(Value::Object(plain.to_json(Spelling::Wholesale).unwrap()), json!({"prompt": "x"}));
    }

    #[test]
    fn what_cannot_be_sent() {
        let inputs = |prompt: &str| Inputs { prompt: prompt.into(), ..Inputs::default() };
        let kind = |inputs: &Inputs| inputs.to_json(Spelling::Standard).unwrap_err().kind();
        assert_eq!(kind(&inputs(" \n")), Kind::InvalidInput);
        assert_eq!(kind(&inputs(&"x".repeat(MAX_PROMPT_CHARS + 1))), Kind::InvalidInput);
        for name in ["prompt", "duration", "image", "", "Seed", "a b", "_hint\n"] {
            let extra = Map::from_iter([(name.to_owned(), json!(1))]);
            assert_eq!(kind(&Inputs { extra, ..inputs("x") }), Kind::InvalidInput, "{name}");
        }
        let mut large = PNG.to_vec();
        large.resize(7 * 1024 * 1024, 0);
        let large = Picture::new(large, "a.png").unwrap();
        let three = Inputs { reference_images: vec![large.clone(), large.clone(), large], ..inputs("x") };
        assert_eq!(kind(&three), Kind::FileTooLarge);
    }

    #[tokio::test]
    async fn a_picture_is_known_by_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        for (bytes, outcome) in [
            (PNG.to_vec(), Ok("image/png")),
            (b"\xff\xd8\xff\xe0".to_vec(), Ok("image/jpeg")),
            (b"RIFF\0\0\0\0WEBPVP8 ".to_vec(), Ok("image/webp")),
            (b"RIFF\0\0\0\0WAVE".to_vec(), Err(Kind::UnsupportedFile)),
            (b"-----BEGIN KEY-----".to_vec(), Err(Kind::UnsupportedFile)),
            (vec![], Err(Kind::UnsupportedFile)),
            (vec![0; 8 * 1024 * 1024 + 1], Err(Kind::FileTooLarge)),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let read = Picture::read(&path).await;
            assert_eq!(read.as_ref().map(Picture::mime).map_err(Error::kind), outcome);
        }
        assert_eq!(Picture::read(&folder.path().join("none")).await.unwrap_err().kind(), Kind::Storage);
    }
}
