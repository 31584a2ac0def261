#!/bin/sh
# Packs what assistants install by a click: pack.sh BINARY CLIENTS_DIR OUT_DIR
# A bundle for Claude Desktop (OUT_DIR/firstcut.mcpb, for the platform that BINARY is built for) and a plugin folder for
# Claude Code (OUT_DIR/claude-plugin), both validated by their makers' own programs.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
binary=${1:?usage: pack.sh BINARY CLIENTS_DIR OUT_DIR}
clients=${2:?usage: pack.sh BINARY CLIENTS_DIR OUT_DIR}
out=${3:?usage: pack.sh BINARY CLIENTS_DIR OUT_DIR}
mkdir -p "$out"
bundle=$(mktemp -d)
trap 'rm -rf "$bundle"' EXIT

mkdir "$bundle/server"
cp "$root/packaging/mcpb/manifest.json" "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$bundle/"
case $binary in
    *.exe) cp "$binary" "$bundle/server/firstcut.exe" ;;
    *) cp "$binary" "$bundle/server/firstcut" && chmod 755 "$bundle/server/firstcut" ;;
esac
"$clients/node_modules/.bin/mcpb" validate "$bundle/manifest.json"
"$clients/node_modules/.bin/mcpb" pack "$bundle" "$out/firstcut.mcpb" >"$bundle.log" || { cat "$bundle.log"; exit 1; }
rm -f "$bundle.log"

rm -rf "$out/claude-plugin"
# The skill is a link in the repository and a file in the plugin.
cp -RL "$root/packaging/claude-plugin" "$out/claude-plugin"
claude=$(ls "$clients"/node_modules/@anthropic-ai/claude-code-*/claude | head -n 1)
HOME=$bundle CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1 \
    "$claude" plugin validate "$out/claude-plugin" --strict
ls -l "$out/firstcut.mcpb"
