//! The language of a prompt, as the tag that NemoVideo gets with a new session (NemoVideo skill, Create session).

use std::sync::LazyLock;

use whatlang::{Detector, Lang, Script};

/// Languages with a script of their own, and among those in Latin letters the widespread ones: each rare language that
/// is left out makes short prompts in the others surer.
static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let rare = [
        Lang::Epo,
        Lang::Lat,
        Lang::Jav,
        Lang::Aka,
        Lang::Zul,
        Lang::Sna,
        Lang::Afr,
        Lang::Tgl,
        Lang::Tuk,
        Lang::Uzb,
    ];
    Detector::with_denylist(rare.to_vec())
});

/// From here on the detector is believed. Short English prompts are taken for something else with up to 0.23, short
/// prompts in other languages are recognised with 0.48 and more.
const SURE: f64 = 0.4;

/// What is sent when the language cannot be told.
pub const FALLBACK: &str = "en";

/// The tag (`en`, `zh-CN`, `ja`, `es`…) of the language that `text` is written in.
///
/// Letters decide where a script belongs to one language; among languages that share a script a short text decides
/// nothing, and then the most common one is taken.
#[must_use]
pub fn detect(text: &str) -> &'static str {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let Some(info) = DETECTOR.detect(text) else { return FALLBACK };
    if text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}')) {
        return "ja"; // kana: Japanese even when most signs are Chinese ones
    }
    match info.script() {
        Script::Mandarin => "zh-CN",
        Script::Hangul => "ko",
        Script::Hiragana | Script::Katakana => "ja",
        // Trigrams of a few words are chance.
        Script::Latin if letters < 20 || info.confidence() < SURE => FALLBACK,
        Script::Cyrillic if letters < 12 => "ru",
        Script::Arabic if letters < 12 => "ar",
        Script::Devanagari if letters < 12 => "hi",
        Script::Hebrew if letters < 12 => "he",
        _ => tag(info.lang()),
    }
}

/// ISO 639-1 where the language has such a code, else ISO 639-3.
fn tag(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh-CN",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        other => other.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_in_several_languages() {
        for (text, expected) in [
            ("generate a 10-second video of a sunset over the ocean with waves crashing", "en"),
            ("add a title that says Urban Dreams and make the music quieter", "en"),
            ("sunset", "en"),
            ("a 10s clip", "en"),
            ("", "en"),
            ("🎬 10 !?", "en"),
            ("生成一个十秒的海上日落视频", "zh-CN"),
            ("加标题", "zh-CN"),
            ("add title 加一个标题在开头的位置", "zh-CN"),
            ("海に沈む夕日の動画を作って", "ja"),
            ("夕日の動画", "ja"),
            ("바다 위의 일몰 영상을 만들어 줘", "ko"),
            (
                "Genera un vídeo de diez segundos con una puesta de sol sobre el océano y las olas rompiendo",
                "es",
            ),
            (
                "Erstelle ein zehn Sekunden langes Video von einem Sonnenuntergang über dem Meer mit Wellen",
                "de",
            ),
            ("Crée une vidéo de dix secondes d'un coucher de soleil sur l'océan avec des vagues", "fr"),
            ("сделай видео", "ru"),
            ("Створи відео заходу сонця над океаном, що триває десять секунд, з хвилями", "uk"),
            ("غروب", "ar"),
            ("a corgi surfing at sunset", "en"),
            ("cinematic drone shot of neon Tokyo streets in the rain", "en"),
            ("lo-fi beats, vinyl crackle, warm", "en"),
            ("timelapse of clouds over mountains", "en"),
            ("generate a 10-second video of rain on a window", "en"),
            ("golden hour portrait, bokeh, 35mm", "en"),
            ("export 1080p MP4", "en"),
            ("slow pan across a Parisian café at dawn", "en"),
            ("macro shot of a ladybug on a leaf, dew drops", "en"),
            ("make the intro snappier and trim 2s off the end", "en"),
            ("un gato durmiendo en una ventana con lluvia", "es"),
            ("eine Katze schläft am Fenster im Regen", "de"),
            ("gato astronauta flotando en el espacio", "es"),
            ("um cachorro correndo na praia ao pôr do sol", "pt"),
            ("un cane che corre sulla spiaggia al tramonto", "it"),
            ("een hond die over het strand rent bij zonsondergang", "nl"),
            ("un chat qui dort près de la fenêtre sous la pluie", "fr"),
        ] {
            assert_eq!(detect(text), expected, "{text}");
        }
    }
}
