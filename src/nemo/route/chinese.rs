//! Plain questions in Chinese: a particle (吗, 没), a turned verb (有没有) or a word that asks, and nothing that wants a deed.

use super::clause::Clause;
use super::credits::money;
use crate::nemo::words::{Kind, Tag};

#[rustfmt::skip]
const HAN_ELSE: &[&str] = &[
    "如何", "为什么", "为啥", "能不能", "可不可以", "要不要", "该", "更", "推荐", "建议", "合适", "适合", "好看", "好不好", "好吗", "行不行", "行吗",
    "可以吗", "觉得", "认为", "会不会", "最好", "哪种好", "太", "你会", "你能", "你是", "你叫", "您是", "您能", "想", "让", "没什么", "什么的",
    "需不需要", "怎么做", "怎么弄", "怎么把", "怎么才", "怎么回事", "怎么改", "能否", "可否", "请把", "帮我把", "写着", "意思", "什么都", "哪里好", "不够",
    "够长", "够亮", "够快", "够大", "支持", "一般", "通常", "免费商用", "版权", "干嘛",
];
#[rustfmt::skip]
const HAN_FACT: &[&str] = &[
    "了", "过", "现在", "目前", "已", "还", "是", "有", "在", "用的", "一共", "总共", "第几", "多长", "多少", "几秒", "百分", "成功", "收到",
    "当前", "到底", "看到",
];

/// A plain question in Chinese.
pub(super) fn han(c: &Clause<'_>) -> Option<usize> {
    let at = c
        .tokens
        .iter()
        .position(|t| t.cjk() && t.norm.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)))?;
    if c.tokens.iter().any(|t| t.norm.chars().any(|c| ('\u{3040}'..='\u{30fa}').contains(&c))) {
        return None;
    }
    let text: String = c.tokens.iter().take(60).map(|t| t.norm.as_str()).collect();
    let text = text.replace("能看到", "看到").replace("能看见", "看到").replace("可以看到", "看到");
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let ends = ["吗", "没", "没有", "么", "吧"].iter().any(|e| text.ends_with(e)) && !text.ends_with("什么");
    let tail = ends && (!text.ends_with('吧') || c.asks);
    let turned = has(&["有没有", "是不是", "是否", "在不在", "对不对", "好没好", "全不全", "齐不齐", "没了"]);
    let which = has(&[
        "哪首",
        "哪个",
        "哪些",
        "哪几",
        "哪段",
        "哪张",
        "哪一",
        "哪条",
        "哪种",
        "哪里",
        "哪儿",
        "哪版",
        "什么",
        "啥",
        "谁",
        "多少",
        "多长",
        "多大",
        "第几",
        "怎么样了",
        "怎样了",
        "咋样",
        "到哪",
        "百分之几",
    ]);
    let few = text.contains('几')
        && (c.asks
            || has(&["还差", "还缺", "现在", "一共", "总共", "目前", "共有", "几秒", "几分"])
            || text.starts_with("有几")
            || text.ends_with("几个")
            || text.ends_with("几段"));
    let requested = text.contains('把')
        || (text.contains('能') || text.contains("可以")) && !has(&["可以看了", "功能", "才能"]);
    let told = has(&["问"]) || c.asks || tail || turned || which || few;
    let either = text.contains("还是") && !text.ends_with('吗');
    // 现在是横屏还是竖屏: what it is; 用横屏还是竖屏: what would be good.
    let thing = c.tokens.iter().take_while(|t| t.norm != "是").any(|t| t.any(&[Tag::EditWord, Tag::Project]));
    let fact = either
        && (thing || has(&["现在", "目前", "当前", "这版", "这条", "已经"]))
        && text.contains('是')
        && !has(&["用", "好", "做", "选"]);
    if fact {
        return Some(at);
    }
    let asks = tail || turned || which || few;
    if asks && money(c) && !has(&["帮我", "画面", "让"]) {
        return Some(at);
    }
    if !told || !asks || requested || has(HAN_ELSE) || !has(HAN_FACT) && !text.ends_with('没') {
        return None;
    }
    let handing = has(&["给你", "发你", "传你", "给您", "发您"]) && !text.contains('了');
    // 某人问现在几点: a scene; a wish in the first words ("做一个…") is no question.
    let asker = c
        .tokens
        .iter()
        .position(|t| t.any(&[Tag::Question, Tag::What, Tag::HowMany, Tag::HowLong]) && t.cjk())
        .unwrap_or(3);
    let wish =
        c.tokens.iter().take(asker.min(3)).any(|t| t.is(Tag::Edit) && !t.any(&[Tag::Progress, Tag::Job]))
            && !tail
            && !text.contains('了')
            && !text.contains("现在");
    let stranger = (text.contains('谁') || has(&["她", "他发", "他说", "他在", "他为", "主角"]))
        && !c.any(&[Tag::EditWord, Tag::Project, Tag::Asset, Tag::SoFar, Tag::Says]);
    let scene = stranger
        || c.any(&[Tag::Says]) && !turned && !c.any(&[Tag::SoFar, Tag::EditWord])
        || c.tokens.iter().any(|t| t.kind == Kind::Quote);
    (!handing && !either && !wish && !scene).then_some(at)
}
