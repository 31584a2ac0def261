"""What a model without grammar would reach: naive Bayes over character n-grams (1 to 5), and the bare keyword table.

    python3 scripts/understand_data.py && python3 scripts/understand_baseline.py

Learns from data/understand/route.tune.jsonl, is tested on route.held.jsonl, where `firstcut understand` stands too (the
figures are in docs/understanding.md). It is the measurement behind the choice of rules, not a part of the program.
"""

import json
import math
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "data" / "understand"
TABLE = (("export", ("export", "导出", "download", "send me the video")), ("credits", ("credits", "积分", "balance", "余额")), ("state", ("status", "状态", "show tracks")), ("upload", ("upload", "上传")))


def read(name: str) -> list[dict]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def grams(text: str) -> set[str]:
    text = f" {text.lower()} "
    return {text[i : i + n] for n in range(1, 6) for i in range(len(text) - n + 1)}


def table(text: str) -> str:
    return next((action for action, words in TABLE if any(w in text.lower() for w in words)), "edit")


def main() -> None:
    tune, held = read("route.tune.jsonl"), read("route.held.jsonl")
    counts, total = defaultdict(Counter), Counter(item["action"] for item in tune)
    for item in tune:
        counts[item["action"]].update(grams(item["text"]))
    known = set().union(*counts.values())

    def bayes(text: str) -> str:
        found = grams(text) & known
        return max(total, key=lambda a: math.log(total[a]) + sum(math.log((counts[a][g] + 0.1) / (total[a] + 0.2)) for g in found))

    for name, guess in (("keyword table", table), ("naive Bayes over character n-grams", bayes)):
        ok = [guess(item["text"]) == item["action"] for item in held]
        hard = [o for o, item in zip(ok, held) if item["hard"]]
        print(f"{name}: {sum(ok) / len(ok):.1%} of {len(ok)}, hard {sum(hard) / len(hard):.1%} of {len(hard)}")


if __name__ == "__main__":
    main()
