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
KINDS = {"export": "execute_export", "state": "query_state", "edit": "send_edit", "api": "execute_via_api", "tracks": "show_tracks"}
KEYS = {
    "export": ["export", "导出", "download", "send me the video"], "credits": ["credits", "积分", "balance", "余额"],
    "state": ["status", "状态", "show tracks"], "upload": ["upload", "上传"],
}


def held(family: str) -> bool:
    return hashlib.sha256(family.encode()).digest()[0] % 2 == 0


def fill(text: str, rng: random.Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: rng.choice(SLOTS[m.group(1)]), text)


def read(name: str):
    head = None
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            head = [p.strip() for p in line[2:].split("|")]
        elif line and not line.startswith("# "):
            yield head, line


def route(rng: random.Random):
    for (family, lang, action, also, level), line in read("route.txt"):
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
    for (family, lang, level), line in read("gui.txt"):
        spec, text = line.split(" # ", 1)
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
        yield family, {
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
