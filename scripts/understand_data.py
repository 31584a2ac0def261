"""Makes the labelled sets for `firstcut understand` from the phrasings in data/understand/*.txt.

    python3 scripts/understand_data.py [--seed 7]

Writes data/understand/{route,gui}.{tune,held}.jsonl in the format that the scorer reads. Whole families go to one side:
no phrasing of a held-out family (one in two, chosen by a hash of its name) was looked at while the rules were tuned.
"""

import argparse
import hashlib
import json
import random
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "data" / "understand"
SLOTS = {
    "thing": ["video", "clip", "reel", "project", "movie", "short", "film", "trailer", "final cut"],
    "fmt": ["mp4", "MP4", "mov", "webm", "gif"],
    "res": ["1080p", "4k", "720p", "full HD"],
    "device": ["phone", "laptop", "computer", "hard drive", "desktop", "iPad", "usb stick"],
    "zdevice": ["手机", "电脑", "U盘", "硬盘", "相册", "本地", "桌面"],
    "n": ["3", "5", "8", "10", "15", "30"],
    "style": ["vintage", "upbeat", "jazz", "dark", "minimalist", "80s", "dreamy", "anime"],
    "subject": [
        "a lighthouse in a storm", "two kids building a sandcastle", "a steaming ramen bowl", "a red tram in Lisbon", "an astronaut watering plants",
        "a blacksmith at work", "whales under the ice", "a bakery at dawn", "a drone flight over rice terraces", "an old clockmaker",
    ],
    "zsubject": ["雨中的灯塔", "小狗追气球", "老城区的早市", "宇航员浇花", "草原上的骏马", "深夜的面馆", "樱花树下的少女"],
    "path": ["/home/kim/footage/take1.mp4", "~/Movies/holiday.mov", "/Volumes/SSD/b roll/IMG_2210.MOV", "C:\\Users\\sam\\Videos\\clip 3.mp4", "./assets/logo.png", "/tmp/export/final_download.mp4", "D:\\raw\\status.wav"],
    "zpath": ["/Users/lin/视频/海边.mp4", "~/下载/片头.mov", "D:\\素材\\开场.mp4", "/data/raw/旁白.wav", "/home/wei/导出/版本2.mp4"],
    "url": ["https://cdn.example.com/raw/beach.mp4", "https://files.example.org/a/b/take_2.mov?sig=1", "http://media.example.net/logo.png"],
    "link": ["https://www.youtube.com/watch?v=zz91", "https://vimeo.com/1234567", "https://youtu.be/k2k2"],
    "name": ["beach.mp4", "logo_final.png", "voice-over.wav", "IMG_0077.MOV"],
}
SLOTS |= {
    "done": ["Your harbour video is ready!", "The montage is finished.", "All five shots are joined.", "Done: the captions are in place.", "The teaser now runs 14 seconds.", "✅ Your clip has been generated.", "The new ending is in."],
    "fact": ["The music plays at 35%.", "The fox clip lasts 6 seconds.", "Shot 2 is brighter by 12%.", "There are three takes of the lighthouse.", "The narrator starts at 0:04.", "I found two gaps between the shots.", "The title uses Futura Bold."],
    "factlow": ["the music plays at 35%.", "the fox clip lasts 6 seconds.", "there are three takes of the lighthouse."],
    "the": ["the ", "", "the blue ", "the "], "button": [" button", "", " icon", " button in the top right"], "goal": [" to download it.", ".", " to save your video.", "!", " to get the file.", " and wait a moment."],
    "goal2": [".", " to continue.", " to start.", " to apply it.", "."], "next": ["Next, ", "Now ", "Then ", "Please ", "Now just ", "To finish, ", "After that, ", "From here, ", "Simply "],
    "hit": ["hit", "press", "tap", "choose", "select", "click on"],
    "ifok": ["If you're happy with it", "Once you're satisfied", "When you like what you see", "If it looks good", "As soon as you are happy with the result", "If everything is fine", "Once you have checked it", "When you're ready", "If you approve", "If that works for you"],
    "ifoklow": ["if you're happy with it", "once you're satisfied", "if it looks good"], "whenok": ["when you're ready", "once you're happy", "if you are satisfied", "whenever you feel it is done", "as soon as you like it"],
    "ifnot": ["If you don't like it", "If you want another version", "If that is too much", "Should you prefer something else", "In case you change your mind", "If you'd rather have it different", "Want a different look? Then"],
    "ifsee": ["If you want to check it", "If you'd like a closer look", "Whenever you want to see it", "In case you are curious"],
    "ctl": ["Apply", "Save", "Generate", "Undo", "Split", "Add Music", "Regenerate", "Confirm", "Replace", "Trim", "Enhance", "Auto-Sync", "Reset", "Duplicate"],
    "do": ["keep the grade", "start the render", "use the new look", "try it again"], "panel": ["Media", "Audio", "Text", "Effects", "Captions", "Transitions", "Color", "Layers", "Stickers"], "pw": ["panel", "tab", "panel", "section", "menu", "library"],
    "look": ["check the levels", "see the list", "review them", "verify the timing", "take a look"], "side": ["left", "right"], "things": ["captions", "clips", "stickers", "colours", "levels"],
    "item": ["logo", "title", "voice-over", "rain sound", "second clip", "end card", "watermark", "chorus"], "time": ["0:03", "0:12", "the start", "the 8-second mark", "the end"], "track": ["track 2", "the second track", "the last clip", "the music track"],
    "corner": ["lower right corner", "top left corner", "bottom third"], "v": ["video", "clip", "result", "cut"], "didclick": ["clicked", "pressed", "hit", "tapped"],
    "who": ["a child", "an old man", "the robot", "a sailor", "the girl in red", "a hand"], "Who": ["A child", "An old man", "The robot", "A sailor", "The girl in red"], "obj": ["a wooden box", "the curtain", "an umbrella", "the suitcase"], "small": ["button", "switch", "lever", "doorbell", "window", "door"],
    "quoted": ["Click here", "Tap to buy", "Open now", "Drag me", "Press play", "Export your dreams", "Open the panel"],
    "zdone": ["港口视频已完成！", "混剪做好了。", "五个镜头已拼接完毕。", "字幕已全部加好。", "预告片现在14秒。", "您的片段已生成。"], "zfact": ["音乐音量为35%。", "狐狸片段长6秒。", "第二个镜头亮了12%。", "灯塔有三个版本。", "旁白从第4秒开始。", "标题用的是黑体。"],
    "zfactl": ["音乐音量为35%。", "狐狸片段长6秒。", "灯塔有三个版本。"], "znext": ["接下来请", "现在", "然后", "请", "最后", "下一步，", "直接", "请您"], "zexp": ["导出", "“导出”按钮", "导出按钮", "「导出」", "顶部的导出按钮"], "zhit": ["点击", "按下", "单击", "选择", "轻点", "点一下"],
    "zgoal": ["", "下载", "保存视频", "即可获取文件", "来保存成片"], "zif": ["如果满意，", "确认无误后", "满意的话，", "觉得没问题的话，", "如果您喜欢，", "检查没有问题后，", "要是满意，", "等您确认后，"],
    "zctl": ["应用", "保存", "生成", "撤销", "分割", "添加音乐", "重新生成", "确认", "替换", "裁剪", "重置"], "zpanel": ["素材面板", "音频面板", "文字面板", "特效面板", "字幕面板", "转场标签页", "调色面板", "图层面板", "贴纸库"],
    "zthings": ["字幕", "片段", "贴纸", "颜色"], "zitem": ["logo", "标题", "旁白", "雨声", "第二段", "片尾", "水印", "副歌"], "ztime": ["第3秒", "开头", "结尾", "12秒处"], "zcorner": ["右下角", "左上角", "画面下方"],
    "zwho": ["小女孩", "老人", "机器人", "水手", "男孩"], "zobj": ["盒子", "木门", "雨伞", "行李箱", "窗户"],
}
KINDS = {"export": "execute_export", "state": "query_state", "edit": "send_edit", "api": "execute_via_api", "tracks": "show_tracks"}
KEYS = {
    "export": ["export", "导出", "download", "send me the video"], "credits": ["credits", "积分", "balance", "余额"],
    "state": ["status", "状态", "show tracks"], "upload": ["upload", "上传"],
}


def held(family: str) -> bool:
    """Families of the first round by a hash, the rounds "h_", "fr2_" and later as a whole; the rounds between were for tuning."""
    if family.startswith(("r2_", "r3_", "r4_", "r6_", "g3_", "g5_", "g6_", "fr1_", "fg1_")):
        return False
    if family.startswith("ls_"):
        return False
    return family.startswith(("h_", "fr2_", "fg2_", "fr3_", "fr4_", "fr5_", "fr6_", "fg3_")) or hashlib.sha256(family.encode()).digest()[0] % 2 == 0


def fill(text: str, rng: random.Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: rng.choice(SLOTS[m.group(1)]), text)


def read(*names: str):
    head = None
    for line in "\n".join((HERE / name).read_text(encoding="utf-8") for name in names).splitlines():
        if line.startswith("= "):
            head = [p.strip() for p in line[2:].split("|")]
        elif line and not line.startswith("# "):
            yield head, line


def route(rng: random.Random):
    for (family, lang, action, also, level), line in read("route.txt", "route2.txt", "route3.txt", "route4.txt", "route5.txt", "route6.txt", "route_fresh.txt", "route_fresh2.txt", "route_fresh3.txt", "route_fresh4.txt", "route_fresh5.txt", "route_fresh6.txt", "route_lessons.txt"):
        seen = set()
        for _ in range(6 if "{" in line else 1):
            text = fill(line, rng)
            if text in seen:
                continue
            seen.add(text)
            low = text.lower()
            yield family, {
                "text": text, "lang": lang, "action": action, "also": also.split(",") if also else [], "why": family, "hard": level == "h",
                "family": family, "keywords_of": [k for k, ws in KEYS.items() if any(w in low for w in ws)],
            }


def gui(rng: random.Random):
    for (family, lang, level), line in read("gui.txt", "gui2.txt", "gui3.txt", "gui4.txt", "gui5.txt", "gui6.txt", "gui_fresh.txt", "gui_fresh2.txt", "gui_fresh3.txt"):
        for spec, text in once(line, rng):
            yield family, reply(family, lang, level, spec, text)


def once(line: str, rng: random.Random) -> set:
    """Fills a line's slots up to four times; a slot has one value in the whole line."""
    out = set()
    for _ in range(4 if "{" in line else 1):
        filled, chosen = line, {}
        while m := re.search(r"\{(\w+)\}", filled):
            value = chosen.setdefault(m.group(1), rng.choice(SLOTS[m.group(1)]))
            filled = filled[: m.start()] + value + filled[m.end() :]
        out.add(tuple(filled.split(" # ", 1)))
    return sorted(out)


def reply(family: str, lang: str, level: str, spec: str, text: str) -> dict:
    text = text.replace("\\n", "\n")
    actions = []
    for part in [] if spec.strip() == "-" else spec.split(";"):
        body, _, when = part.strip().partition("@")
        kind, _, target = body.partition(":")
        action = {"action": KINDS[kind], "when": {"": "now", "c": "user_confirms", "a": "any"}[when]}
        if target:
            action["target"] = target
        actions.append(action)
    keep, strip = re.findall(r"\[\[(.*?)\]\]", text, re.S), re.findall(r"<<(.*?)>>", text, re.S)
    return {
        "text": re.sub(r"\[\[|\]\]|<<|>>", "", text), "lang": lang, "actions": actions, "clean_hint": {"keep": keep, "strip": strip},
        "why": family, "hard": level == "h", "family": family,
    }


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", type=int, default=7)
    seed = ap.parse_args().seed
    for name, make in (("route", route), ("gui", gui)):
        sides = {"tune": [], "held": []}
        for family, item in make(random.Random(seed)):
            side = sides["held" if held(family) else "tune"]
            side.append({"id": f"{name}-{family}-{len(side):04}", **item})
        for side, items in sides.items():
            lines = "".join(json.dumps(i, ensure_ascii=False) + "\n" for i in items)
            (HERE / f"{name}.{side}.jsonl").write_text(lines, encoding="utf-8")
            print(name, side, len(items), "items,", len({i["family"] for i in items}), "families")


if __name__ == "__main__":
    main()
