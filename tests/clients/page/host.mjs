// A chat around the page, inside the browser: the official AppBridge, and a frame as strict as hosts have it. What the
// page asks for goes out to session.mjs (window.outside), and what it does is kept in window.seen.

import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

// The policy that the specification gives to a page that asks for nothing.
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "media-src 'self' data:; connect-src 'none'";

const EVERYTHING = {
  openLinks: {},
  serverTools: {},
  serverResources: {},
  updateModelContext: { text: {} },
  message: { text: {} },
};

/** Shows the page in a fresh frame. Resolves when it has introduced itself. */
window.open_page = async ({ html, theme, variables, capabilities = EVERYTHING, args, result }) => {
  window.bridge?.close();
  document.body.replaceChildren();
  document.documentElement.style.background = theme === "dark" ? "#0e0f12" : "#eceef1";
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.title = "firstcut";
  frame.style.cssText = "display:block;width:100%;height:120px;border:0;border-radius:12px;background:transparent";
  frame.srcdoc = html.replace("<head>", `<head><meta http-equiv="Content-Security-Policy" content="${POLICY}">`);
  const loaded = new Promise((done) => (frame.onload = done));
  const seen = (window.seen = { calls: [], reads: [], links: [], messages: [], contexts: [], sizes: [] });

  const hostContext = { theme, styles: { variables }, displayMode: "inline", platform: "desktop", locale: "en-GB" };
  const bridge = new AppBridge(null, { name: "stand-in", version: "1" }, capabilities, { hostContext });
  bridge.oncalltool = async (call) => {
    seen.calls.push(call);
    return await window.outside("call", call);
  };
  bridge.onreadresource = async (params) => {
    seen.reads.push(params.uri);
    return await window.outside("read", params);
  };
  bridge.onopenlink = async ({ url }) => {
    seen.links.push(url);
    return { isError: !url.startsWith("https:") };
  };
  bridge.onmessage = async (message) => (seen.messages.push(message), {});
  bridge.onupdatemodelcontext = async (context) => (seen.contexts.push(context), {});
  bridge.onsizechange = ({ height }) => {
    seen.sizes.push(height);
    frame.style.height = `${height}px`;
  };
  const ready = new Promise((done) => (bridge.oninitialized = done));
  document.body.append(frame);
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  await loaded;
  await ready;
  window.bridge = bridge;
  if (args) await bridge.sendToolInput({ arguments: args });
  if (result) await bridge.sendToolResult(result);
};
