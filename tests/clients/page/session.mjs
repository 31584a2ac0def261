// The page in the chat, in headless Chromium under the official AppBridge: session.mjs BINARY CLIENTS_DIR [PICTURES_DIR]
// The real server in the sandbox stands behind it. Exits with 1 at the first failed check; leaves pictures of each
// state, light and dark, in PICTURES_DIR.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { failed, posted } from "./canned.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [binary, clients] = process.argv.slice(2).map((path) => resolve(path));
const pictures = resolve(process.argv[4] ?? "target/page");
mkdirSync(pictures, { recursive: true });
// The packages lie where install.sh put them, not beside this file.
const require = createRequire(join(clients, "package.json"));
const { Client } = require("@modelcontextprotocol/client");
const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");
const { chromium } = require("playwright-core");
const esbuild = require("esbuild");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PAGE = "ui://firstcut/video.html";
const MIME = "text/html;profile=mcp-app";
const PATIENCE_MS = 120_000;

function check(words, holds, seen) {
  if (!holds) {
    console.log(`FAILED  ${words}: ${JSON.stringify(seen)?.slice(0, 3000)}`);
    process.exit(1);
  }
  console.log(`ok      ${words}`);
}

// --- The server, and the page as it gives it.

const home = mkdtempSync(join(tmpdir(), "firstcut-page-"));
const env = {
  ...process.env,
  FIRSTCUT_HOME: home,
  FIRSTCUT_SERVICE: "sandbox",
  FIRSTCUT_POLL_S: "0.2",
  FIRSTCUT_APPROVE_ABOVE_USD: "1",
};
const client = new Client({ name: "stand-in", version: "1" });
await client.connect(new StdioClientTransport({ command: binary, args: ["serve"], cwd: home, env }));
const { tools } = await client.listTools();
for (const name of ["generate_video", "edit_video", "check_job", "export", "session_state"]) {
  const meta = tools.find((tool) => tool.name === name)?._meta ?? {};
  check(`${name} names the page`, meta.ui?.resourceUri === PAGE && meta["ui/resourceUri"] === PAGE, meta);
}
const [given] = (await client.readResource({ uri: PAGE })).contents;
check("the page is a page of MCP Apps", given.mimeType === MIME && given.uri === PAGE, given.mimeType);
check(`it has ${given.text.length} bytes`, Buffer.byteLength(given.text) <= 60_000);
const csp = given._meta?.ui?.csp;
check("it asks for no network", csp && Object.values(csp).every((domains) => domains.length === 0), given._meta);
check("it writes no markup", !/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/.test(given.text));
check("it names no other place", !/https?:\/\/(?!www\.w3\.org)/.test(given.text.replace(/\/\^.*?\//g, "")), given.text.match(/https?:\/\/\S+/));

// --- The chat around it.

const built = await esbuild.build({
  entryPoints: [join(here, "host.mjs")],
  bundle: true,
  write: false,
  format: "iife",
  nodePaths: [join(clients, "node_modules")],
  logLevel: "silent",
});
const style = "body{margin:0;padding:20px;max-width:720px}";
const chat = `<!doctype html><html lang="en"><title>chat</title><style>${style}</style><script src="/host.js"></script><body></body></html>`;
const server = createServer((request, response) => {
  const script = request.url === "/host.js";
  response.writeHead(200, { "content-type": script ? "text/javascript" : "text/html" });
  response.end(script ? built.outputFiles[0].text : chat);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const address = `http://127.0.0.1:${server.address().port}/`;

const browser = await chromium.launch({
  executablePath: process.env.FIRSTCUT_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
});
const tab = await browser.newPage({ viewport: { width: 760, height: 1000 }, deviceScaleFactor: 2 });
const complaints = [];
const strangers = [];
function watch(page) {
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => /^(https?|wss?):/.test(request.url()) && !request.url().startsWith(address) && strangers.push(request.url()));
}
watch(tab);
await tab.exposeFunction("outside", (what, params) => (what === "call" ? client.callTool(params) : client.readResource(params)));
await tab.goto(address);

const frame = tab.frameLocator("iframe");
const state = frame.locator("#state");
const button = (name) => frame.getByRole("button", { name });
const seen = () => tab.evaluate(() => window.seen);
const open = (given) => tab.evaluate((given) => window.open_page(given), { html: page, ...given });
const page = given.text;

async function becomes(words) {
  await state.filter({ hasText: words }).waitFor({ timeout: PATIENCE_MS });
}

async function picture(name, width = 760) {
  await tab.setViewportSize({ width, height: 1000 });
  // The frame grows with its content; the last size is on its way for a moment.
  await tab.waitForTimeout(250);
  const { height } = await tab.locator("iframe").boundingBox();
  await tab.setViewportSize({ width, height: Math.ceil(height) + 40 });
  await tab.screenshot({ path: join(pictures, `${name}.png`) });
}

/** What axe finds in the page itself. */
async function accessible(name) {
  const inside = tab.frames().at(-1);
  await inside.evaluate(axe);
  const found = await inside.evaluate(() =>
    window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const told = found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))]);
  check(`${name}: accessible (${found.passes.length} rules)`, told.length === 0, told);
}

// What some hosts give, and what they leave to the page.
const THEMES = {
  light: {},
  dark: {},
  host: {
    "--color-background-primary": "#fdf6e3",
    "--color-background-secondary": "#eee8d5",
    "--color-text-primary": "#073642",
    "--color-text-secondary": "#4a5d63",
    "--color-border-primary": "#93a1a1",
    "--font-sans": "Georgia, serif",
  },
};
const scheme = (name) => ({ theme: name === "dark" ? "dark" : "light", variables: THEMES[name] });

// --- A video, from the call to the player.

const args = { prompt: "a 3-second video of a sunset over the ocean", duration_seconds: 3, resolution: "720p", wait_seconds: 0 };
const started = await client.callTool({ name: "generate_video", arguments: args });
await open({ ...scheme("dark"), args, result: started });
check("its title is the prompt", (await frame.locator("h1").textContent()) === args.prompt);
check("a running job has a bar", await frame.getByRole("progressbar").isVisible());
check("and can be stopped", await button("Stop").isVisible());
await picture("running-dark");
await accessible("running-dark");
await becomes("Done");
await frame.locator("video").waitFor({ timeout: PATIENCE_MS });
const played = await frame.locator("video").evaluate((video) => [video.readyState, video.duration, video.videoWidth]);
check("the page asked until it was done, and plays it", played[0] >= 2 && Math.abs(played[1] - 3) < 0.2 && played[2] > 600, played);
check("it asked by check_job without waiting", (await seen()).calls.every(({ name, arguments: { wait_seconds } }) => name === "check_job" && wait_seconds === 0), (await seen()).calls);
check("and told the assistant", (await seen()).contexts.some(({ content }) => content[0].text.includes("is done")), (await seen()).contexts);

const done = await client.callTool({ name: "check_job", arguments: { job_id: started.structuredContent.job_id } });
for (const name of Object.keys(THEMES)) {
  await open({ ...scheme(name), args, result: done });
  await becomes("Done");
  await frame.locator("video").waitFor();
  await frame.locator(".lane").nth(2).waitFor();
  await frame.locator("video").evaluate((video) => (video.currentTime = 1.2));
  await picture(`done-${name}`);
  await accessible(`done-${name}`);
}
const clips = await frame.locator(".lane").evaluateAll((lanes) =>
  lanes.map((lane) => [...lane.children].map((clip) => [clip.textContent, clip.offsetLeft / lane.offsetWidth, clip.offsetWidth / lane.offsetWidth])),
);
check("tracks are drawn to scale", clips.length >= 3 && clips.flat().every(([words, from, width]) => words && from >= 0 && from + width <= 1.02), clips);
check("the whole clip is the whole lane", Math.abs(clips[0][0][2] - 1) < 0.02, clips);
check("what it cost is told", /credits/.test(await frame.locator("dl").textContent()));
await frame.locator("summary", { hasText: "Contact sheet" }).click();
check("the contact sheet is there", await frame.locator("figure img").evaluate((image) => image.complete && image.naturalWidth > 300));
await frame.locator("summary", { hasText: "Delivery check" }).click();
check("and the delivery check", (await frame.locator("#checks li").count()) > 5);
await picture("done-opened");
await button("Open the file").click();
await frame.locator("#trouble").waitFor();
check("a chat that opens no files is told to the user with the place", (await frame.locator("#trouble").textContent()).includes(".mp4"));
await frame.getByLabel("Ask the assistant for a change").pressSequentially("lower the music");
await tab.keyboard.press("Enter");
await tab.waitForFunction(() => window.seen.messages.length === 1);
check("a wish goes to the assistant", (await seen()).messages[0].content[0].text.startsWith("lower the music (session_id"), (await seen()).messages);

await open({ ...scheme("dark"), args, result: done });
await frame.locator(".lane").nth(2).waitFor();
await picture("done-narrow", 380);
const wide = await tab.frames().at(-1).evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
check("nothing sticks out of a narrow chat", wide <= 0, wide);

// --- The same page as a file of its own.

const words = ["jobs", "show", done.structuredContent.job_id, "--open", "--no-browser", "--json"];
const file = JSON.parse(execFileSync(binary, words, { env, cwd: home, encoding: "utf8" }));
const alone = await browser.newPage({ viewport: { width: 760, height: 1000 }, deviceScaleFactor: 2, colorScheme: "dark" });
watch(alone);
await alone.goto(pathToFileURL(file.page).href);
await alone.locator("video").waitFor();
await alone.locator(".lane").nth(2).waitFor();
check("opened as a file it plays, too", await alone.locator("video").evaluate((video) => video.readyState >= 2 && video.duration > 2.5));
check("and offers nothing that only a chat can do", (await alone.getByRole("button", { name: /Stop|Export|Send/ }).count()) === 0);
await alone.screenshot({ path: join(pictures, "file-dark.png"), fullPage: true });
await alone.close();

// --- By keyboard alone.

await tab.setViewportSize({ width: 760, height: 1000 });

await open({ ...scheme("light"), args, result: done });
await frame.locator("video").waitFor();
await frame.locator(".lane").nth(2).waitFor();
const held = () => tab.frames().at(-1).evaluate(() => document.activeElement.title || document.activeElement.textContent);
const stops = [];
for (let n = 0; n < 16; n++) {
  await tab.keyboard.press("Tab");
  stops.push((await held())?.trim());
}
for (const wanted of [/sunset over the ocean, 0 s to 3 s/, /Delivery check/, /Open the file/, /^Send$/]) {
  check(`Tab comes to ${wanted.source}`, stops.some((stop) => wanted.test(stop)), stops);
}
await frame.locator(".clip").first().focus();
await tab.keyboard.press("ArrowDown");
const second = await held();
await tab.keyboard.press("ArrowUp");
check("arrows walk over the tracks", second !== (await held()) && /0 s to 3 s/.test(second), second);
await tab.keyboard.press("Enter");

// --- A price, agreed to by a person.

const film = { prompt: "waves at night", model: "veo-3.1", duration_seconds: 4, service: "sandbox", wait_seconds: 0, preview: "poster" };
const asked = await client.callTool({ name: "generate_video", arguments: film });
check("a dear job waits", asked.structuredContent.state === "needs_approval", asked);
for (const name of ["light", "dark"]) {
  await open({ ...scheme(name), args: film, result: asked });
  await becomes("Waits for your word");
  await picture(`price-${name}`);
  await accessible(`price-${name}`);
}
const price = asked.structuredContent.approval.most_usd;
await button(`Agree to $${price}`).click();
const dialog = frame.getByRole("dialog");
check("it asks once more", await dialog.isVisible());
check("and holds the keyboard on the harmless answer", (await held()) === "Not now", await held());
await picture("sure-dark");
await accessible("sure-dark");
await tab.keyboard.press("Escape");
check("Escape changes nothing", !(await dialog.isVisible()) && (await seen()).calls.length === 0, (await seen()).calls);
await button(`Agree to $${price}`).click();
await button(`Pay up to $${price}`).click();
await tab.waitForFunction(() => window.seen.calls.length > 0);
const [agreed] = (await seen()).calls;
check("agreeing passes the quote back", agreed.arguments.quote_token === asked.structuredContent.approval.quote_token, agreed);
await becomes("Done");
check("and the film is made", /\$/.test(await frame.locator("dl").textContent()));
await picture("film-dark");

// --- Stopping, exporting, failing.

const long = { prompt: "a 5-second video of rain on a window", wait_seconds: 0 };
await open({ ...scheme("light"), args: long, result: await client.callTool({ name: "generate_video", arguments: long }) });
await button("Stop").click();
await button("Stop it").click();
await becomes("Stopped");
check("a job can be stopped", (await seen()).calls.some(({ name }) => name === "cancel_job"));
await picture("stopped-light");

const session = done.structuredContent.session_id;
const timeline = await client.callTool({ name: "session_state", arguments: { session_id: session } });
await open({ ...scheme("light"), args: {}, result: timeline });
await frame.locator(".lane").nth(2).waitFor();
await picture("session-light");
await accessible("session-light");
await button("Export as MP4").click();
await becomes("Done");
check("a timeline is exported without a question", (await seen()).calls[0].name === "export", (await seen()).calls);

for (const name of ["light", "dark"]) {
  await open({ ...scheme(name), args, result: failed });
  await becomes("Failed");
  await picture(`failed-${name}`);
  await accessible(`failed-${name}`);
}
const inside = tab.frames().at(-1);
check("foreign words are words", (await inside.evaluate(() => document.images.length + document.querySelectorAll("b i, marquee").length + (window.broken ?? 0))) === 0);
for (const name of ["light", "dark"]) {
  await open({ ...scheme(name), args: { prompt: "a kite" }, result: posted });
  await becomes("Done");
  await picture(`posted-${name}`);
  await accessible(`posted-${name}`);
}
check("where it was stored and posted is told", /clips\/2026\/kite.mp4.*youtube: my channel.*draft.*the channel is gone/s.test(await frame.locator("dl").textContent()));
await button("Open online").click();
await tab.waitForFunction(() => window.seen.links.length === 1);
check("and can be opened", (await seen()).links[0].startsWith("https://clips.example.test/"), (await seen()).links);
check("a large video is not fetched into the chat", (await seen()).reads.length === 0, (await seen()).reads);
const refused = { content: [{ type: "text", text: "rate_limited: Too many calls.\nMoney: Nothing was spent." }], isError: true };
await open({ ...scheme("light"), args, result: refused });
await becomes("Failed");
check("an error without a job is told", (await frame.locator("#trouble").textContent()).includes("Too many calls"));

// A chat that lets the page do nothing.
await open({ ...scheme("light"), args, result: done, capabilities: {} });
await becomes("Done");
check("without rights there are no buttons", (await frame.locator("#acts button").count()) === 0 && (await seen()).calls.length === 0);
check("and the contact sheet is the poster", await frame.locator("#picture > figure > img").isVisible());
await picture("poster-light");
await tab.evaluate(() => window.bridge.teardownResource({}));

check("nothing complained in the console", complaints.length === 0, complaints);
check("nothing else was contacted", strangers.length === 0, strangers);
await browser.close();
server.close();
await client.close();
rmSync(home, { recursive: true, force: true });
console.log(`ok      the page is content; its pictures are in ${pictures}`);
