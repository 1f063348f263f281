// Inline buttons and links: what each does here.

import { toast } from "./server.js";
import { words } from "./words.js";

const SAFE_URL = /^https?:\/\//i;

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

export function button(className, ...children) {
  const node = element("button", className, ...children);
  node.type = "button";
  return node;
}

/** A link; one into this very chat (https://t.me/<bot>?start=…) says /start here. Null for what is no web address. */
export function link(url, className, actions, ...children) {
  if (!SAFE_URL.test(url)) return null;
  const start = startOf(url, actions.bot());
  if (start !== null) {
    const node = button(`${className} inside`, ...children);
    node.addEventListener("click", () => actions.say(`/start ${start}`.trim()));
    return node;
  }
  const anchor = element("a", className, ...children);
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

// What a deep link to the bot carries; null for other links.
function startOf(url, bot) {
  const address = URL.canParse(url) ? new URL(url) : null;
  const isOurs = address?.hostname === "t.me" && address.pathname.toLowerCase() === `/${bot.username}`.toLowerCase();
  const hasOther = [...(address?.searchParams.keys() ?? [])].some((key) => key !== "start");
  return isOurs && !hasOther ? (address.searchParams.get("start") ?? "") : null;
}

export function renderKeyboard(message, rows, actions) {
  const keyboard = element("div", "keyboard");
  for (const row of rows) {
    keyboard.append(element("div", "row", ...row.map((cell) => renderButton(message, cell, actions))));
  }
  return keyboard;
}

function renderButton(message, cell, actions) {
  if (cell.url !== undefined) {
    const node = link(cell.url, "key", actions, cell.text);
    if (node?.tagName === "A") node.append(element("span", "arrow", " ↗"));
    return node ?? disabled(cell);
  }
  if (cell.callback_data !== undefined) {
    const key = button("key", cell.text);
    key.dataset.data = cell.callback_data;
    key.setAttribute("aria-busy", String(actions.isBusy(message.message_id, cell.callback_data)));
    key.addEventListener("click", () => actions.press(message, cell));
    return key;
  }
  const act = otherAction(cell, actions);
  if (!act) return disabled(cell);
  const key = button("key", cell.text);
  key.addEventListener("click", act);
  return key;
}

function otherAction(cell, actions) {
  if (cell.copy_text) return () => copy(cell.copy_text.text);
  // This page has one chat: the query is asked where it stands, also where Telegram would let the reader choose a chat.
  const query =
    cell.switch_inline_query_current_chat ?? cell.switch_inline_query ?? cell.switch_inline_query_chosen_chat?.query;
  return query === undefined ? null : () => actions.askInline(query);
}

function disabled(cell) {
  const key = button("key", cell.text);
  key.disabled = true;
  return key;
}

async function copy(text) {
  const copied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
  toast(copied ? words.copied : text);
}
