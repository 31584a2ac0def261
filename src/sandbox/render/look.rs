//! From words to a look: place, hour and weather, in English, Chinese and the core words of some other languages.

use super::noise::Dice;

/// What kind of scene is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Ocean,
    Mountains,
    City,
    Forest,
    Desert,
    Space,
    Winter,
    Abstract,
}

/// Where the sun stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hour {
    Dawn,
    Day,
    Sunset,
    Night,
}

/// What falls or hangs in the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    Clear,
    Cloudy,
    Fog,
    Rain,
    Snow,
}

/// Everything that the words decide.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) place: Place,
    pub(super) hour: Hour,
    pub(super) weather: Weather,
    /// Northern lights.
    pub(super) aurora: bool,
    /// A main colour that the words name, as a web colour.
    pub(super) accent: Option<u32>,
    /// For all that is left to chance.
    pub(super) dice: Dice,
}

/// Words of a place; the last entry of a list is still worth a point, longer words beat shorter ones.
const PLACES: [(Place, &str); 7] = [
    (
        Place::Ocean,
        "ocean sea beach wave waves surf surfing coast coastal shore island boat boats ship sailing sailboat lake river \
         harbor harbour bay pier dolphin whale fish underwater seaside lighthouse yacht tropical palm waterfall 海 大海 海洋 \
         海滩 海边 海浪 沙滩 湖 河 船 帆船 岛 鲸 mar océano playa mer océan plage meer strand ozean mare spiaggia praia \
         море океан пляж 바다 해변 umi",
    ),
    (
        Place::Mountains,
        "mountain mountains hill hills peak peaks alps valley aurora northern borealis ridge cliff canyon fjord himalaya \
         everest volcano hiking landscape 山 群山 高山 雪山 山脉 山谷 极光 火山 峡谷 風景 风景 montaña montagne berg berge alpen \
         montagna горы 산 オーロラ",
    ),
    (
        Place::City,
        "city cities urban street streets skyline downtown skyscraper skyscrapers building buildings neon traffic cyberpunk \
         tokyo york paris london shanghai metropolis night-life car cars road highway taxi office bridge timelapse 城市 街 街道 \
         都市 霓虹 夜景 高楼 大楼 汽车 上海 北京 东京 ciudad ville stadt città cidade город 도시 東京 街角",
    ),
    (
        Place::Forest,
        "forest forests wood woods tree trees jungle rainforest deer fox bear wolf garden park leaves autumn bird birds \
         meadow field fields flower flowers grass farm countryside spring butterfly 森林 树林 树 樹 林 竹林 花 花园 草地 田野 秋天 \
         春天 樱花 bosque forêt wald foresta floresta лес 숲 森",
    ),
    (
        Place::Desert,
        "desert dune dunes sahara sand camel camels cactus oasis egypt pyramid pyramids mars safari savanna savannah \
         沙漠 沙丘 骆驼 金字塔 戈壁 火星 desierto désert wüste deserto пустыня 사막 砂漠",
    ),
    (
        Place::Space,
        "space galaxy planet planets universe cosmos cosmic nebula astronaut rocket spaceship spacecraft orbit satellite \
         asteroid comet starship saturn jupiter alien interstellar 太空 宇宙 银河 星球 星空 行星 火箭 宇航员 飞船 espacio espace \
         weltraum spazio космос 우주",
    ),
    (
        Place::Winter,
        "snow snowy snowfall winter christmas ice icy snowman cabin ski skiing frozen blizzard 雪 雪花 下雪 雪景 冬天 冬季 圣诞 冰 \
         nieve neige schnee neve снег зима 눈 겨울 冬",
    ),
];

const HOURS: [(Hour, &str); 4] = [
    (
        Hour::Sunset,
        "sunset dusk evening golden sundown twilight 日落 夕阳 黄昏 傍晚 晚霞 夕日 atardecer coucher sonnenuntergang tramonto закат 노을",
    ),
    (
        Hour::Dawn,
        "sunrise dawn morning daybreak 日出 清晨 早晨 黎明 朝阳 朝 amanecer aube sonnenaufgang alba рассвет 아침",
    ),
    (
        Hour::Night,
        "night midnight moon moonlight moonlit stars starry dark aurora neon 夜 夜晚 夜景 月亮 月光 星空 极光 霓虹 noche nuit nacht \
         notte noite ночь 밤",
    ),
    (
        Hour::Day,
        "day daytime noon sunny bright sunlight summer blue 白天 中午 阳光 晴 晴天 夏天 día jour tag giorno день 낮",
    ),
];

const WEATHERS: [(Weather, &str); 4] = [
    (
        Weather::Snow,
        "snow snowy snowfall snowing blizzard christmas 雪 下雪 雪花 大雪 nieve neige schnee снег 눈",
    ),
    (
        Weather::Rain,
        "rain rainy raining storm stormy thunder thunderstorm drizzle wet 雨 下雨 大雨 雨天 暴雨 暴风雨 lluvia pluie regen pioggia chuva \
         дождь 비",
    ),
    (
        Weather::Fog,
        "fog foggy mist misty haze smoke 雾 薄雾 大雾 霧 niebla brouillard nebel nebbia туман 안개",
    ),
    (
        Weather::Cloudy,
        "cloud clouds cloudy overcast dramatic 云 多云 阴天 雲 nubes nuages wolken облака 구름",
    ),
];

const COLOURS: [(u32, &str); 9] = [
    (0xe0_3a3a, "red 红 赤 rojo rouge rot"),
    (0xf2_8c28, "orange 橙 naranja"),
    (0xf2_c230, "yellow gold golden 黄 金 金色 amarillo jaune gelb"),
    (0x35_b46a, "green emerald 绿 緑 verde vert grün"),
    (0x2f_86e0, "blue azure 蓝 青 azul bleu blau"),
    (0x8a_4fe0, "purple violet 紫 morado violett"),
    (0xf0_6aa8, "pink rose 粉 粉色 rosa"),
    (0x20_c8c8, "teal turquoise cyan 青色"),
    (0xd8_dde6, "white silver minimal 白 白色 blanco blanc weiß"),
];

impl Look {
    /// Reads the words.
    pub(super) fn of(prompt: &str) -> Self {
        let words = Words::of(prompt);
        let aurora = words.score("aurora borealis northern 极光 オーロラ") > 0;
        let place = words.best(&PLACES).unwrap_or(Place::Abstract);
        let place =
            if aurora && matches!(place, Place::Winter | Place::Space) { Place::Mountains } else { place };
        let weather = words.best(&WEATHERS).unwrap_or(Weather::Clear);
        let said = words.best(&HOURS);
        // Weather alone names no place; rain suits the city.
        let place = match (place, weather) {
            (Place::Abstract, Weather::Rain) => Place::City,
            (Place::Abstract, Weather::Fog | Weather::Cloudy) => Place::Mountains,
            (Place::Abstract, _) => match said {
                Some(Hour::Night) => Place::Space,
                Some(_) => Place::Ocean,
                None => Place::Abstract,
            },
            _ => place,
        };
        let hour = said.unwrap_or(match place {
            Place::City | Place::Space => Hour::Night,
            Place::Mountains if aurora => Hour::Night,
            Place::Mountains | Place::Forest => Hour::Dawn,
            Place::Desert => Hour::Sunset,
            Place::Ocean | Place::Winter | Place::Abstract => Hour::Day,
        });
        Self { place, hour, weather, aurora, accent: words.best(&COLOURS), dice: Dice::of_words(prompt) }
    }
}

/// A prompt, taken apart.
struct Words {
    lower: String,
    split: Vec<String>,
}

impl Words {
    fn of(prompt: &str) -> Self {
        let lower = prompt.to_lowercase();
        let split = lower.split(|c: char| !c.is_alphanumeric() && c != '-').map(str::to_owned).collect();
        Self { lower, split }
    }

    /// Points for the words of a list: whole words in alphabets, any place in scripts that do not space words.
    fn score(&self, list: &str) -> usize {
        list.split_whitespace()
            .filter(|word| match word.chars().next() {
                Some(first) if first >= '\u{2e80}' => self.lower.contains(word),
                _ => self.split.iter().any(|other| other == word),
            })
            // A Chinese character says as much as several letters.
            .map(|word| if word.is_ascii() { 10 } else { 6 + 4 * word.chars().count() })
            .sum()
    }

    fn best<T: Copy>(&self, lists: &[(T, &str)]) -> Option<T> {
        let mut best: Option<(usize, T)> = None;
        for &(what, list) in lists {
            let score = self.score(list);
            if score > best.map_or(0, |(score, _)| score) {
                best = Some((score, what));
            }
        }
        best.map(|(_, what)| what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_choose_place_hour_and_weather() {
        use Hour::{Dawn, Day, Night, Sunset};
        use Place::{Abstract, City, Desert, Forest, Mountains, Ocean, Space, Winter};
        use Weather::{Clear, Fog, Rain, Snow};
        let table = [
            ("generate a 10-second video of a sunset over the ocean", Ocean, Sunset, Clear),
            ("生成一个海上日落的视频", Ocean, Sunset, Clear),
            ("northern lights over snowy mountains", Mountains, Night, Snow),
            ("Tokyo street, rainy night, neon", City, Night, Rain),
            ("a fox in a misty forest at dawn", Forest, Dawn, Fog),
            ("沙漠中的骆驼", Desert, Sunset, Clear),
            ("an astronaut drifting past Saturn", Space, Night, Clear),
            ("снег зимой, зима", Winter, Day, Snow),
            ("city timelapse", City, Night, Clear),
            ("my new sneaker line", Abstract, Day, Clear),
            ("rain", City, Night, Rain),
            ("", Abstract, Day, Clear),
        ];
        for (prompt, place, hour, weather) in table {
            let look = Look::of(prompt);
            assert_eq!((look.place, look.hour, look.weather), (place, hour, weather), "{prompt}");
        }
    }
}
