#!/bin/sh
# Cuts the two caption fonts of the sandbox's renderer out of Noto Sans (SIL Open Font License 1.1).
#
# Needs pyftsubset (Python package "fonttools") and Debian's fonts-noto-core and fonts-noto-cjk, or the same files
# elsewhere: LATIN=…/NotoSans-Bold.ttf CJK=…/NotoSansCJK-Bold.ttc scripts/cut-fonts.sh
set -eu
LATIN=${LATIN:-/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf}
CJK=${CJK:-/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc}
out=$(dirname "$0")/../src/sandbox/render/fonts
chars=$(mktemp)
trap 'rm -f "$chars"' EXIT

# Latin with Vietnamese, Greek, Cyrillic, punctuation, currency, arrows.
pyftsubset "$LATIN" --output-file="$out/latin.ttf" --no-hinting --layout-features= --drop-tables+=GSUB,GPOS,GDEF \
  --unicodes=0020-024F,0259,02BB-02DD,0300-0303,0309,0323,0370-03FF,0400-045F,0490-0491,1E00-1EFF,2010-2027,2030-203A,20A0-20BF,2116,2122,2190-2193,2212,2215

# The characters of the everyday Chinese, Japanese and Korean character sets.
python3 - "$chars" <<'PY'
import sys
wanted = set()
def add(codec, first, second, lead=b""):
    for a in first:
        for b in second:
            try:
                wanted.update((lead + bytes([a, b])).decode(codec))
            except UnicodeDecodeError:
                pass
add("gb2312", range(0xA1, 0xF8), range(0xA1, 0xFF))
add("big5", range(0xA1, 0xC7), list(range(0x40, 0x7F)) + list(range(0xA1, 0xFF)))  # level 1
add("euc_jp", range(0xA1, 0xD0), range(0xA1, 0xFF))   # rows 1-47: kana and level 1
add("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF))   # hangul
wanted = {c for c in wanted if ord(c) >= 0x2E80}
wanted.update("—…‘’“”·《》〈〉「」『』【】、。！？，：；（）～￥")
open(sys.argv[1], "w", encoding="utf-8").write("".join(sorted(wanted)))
PY
pyftsubset "$CJK" --font-number=2 --output-file="$out/cjk.otf" --text-file="$chars" --no-hinting \
  --layout-features= --drop-tables+=GSUB,GPOS,GDEF,BASE,VORG,vhea,vmtx
ls -l "$out"
