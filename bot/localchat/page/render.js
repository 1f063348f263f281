// Messages to DOM. Message text only ever becomes text nodes: names, titles and poems are not ours to trust.

import { words } from "./words.js";

// A line of nothing but hanzi and punctuation may be verse. Two clauses make a poem; one may be a plain sentence.
const VERSE = /^\p{Script=Han}{3,}[，。、；：？！][\p{Script=Han}，。、；：？！]*$/u;
const CLAUSE_ENDS = /[，。、；：？！]/g;
const SAFE_URL = /^https?:\/\//i;
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "code" };

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** One message. `actions` has `press(message, button)`, `say(text)` and `isBusy(message, button)`. */
export function renderMessage(message, actions) {
  const fromBot = message.from.is_bot;
  const article = element("article", fromBot ? "message bot" : "message reader");
  article.dataset.id = message.message_id;
  const bubble = element("div", "bubble", ...renderLines(message, fromBot, actions));
  if (bubble.querySelector(".verse")) article.classList.add("poem");
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length) bubble.append(renderKeyboard(message, rows, actions));
  article.append(author(message), bubble, stamp(message));
  return article;
}

function author(message) {
  return element("span", "unseen", message.from.is_bot ? message.from.first_name : words.you);
}

function stamp(message) {
  const date = new Date(message.date * 1000);
  const time = element("time", "", date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = date.toISOString();
  return element("footer", "stamp", time);
}

function renderLines(message, fromBot, actions) {
  const entities = message.entities ?? [];
  const lines = [];
  const isPoem = fromBot && hasVerse(message.text);
  let start = 0;
  for (const text of message.text.split("\n")) {
    const isVerse = isPoem && VERSE.test(text.trim());
    const pieces = renderSpan(message.text, start, start + text.length, entities, actions, fromBot);
    const line = element("span", isVerse ? "line verse" : "line", ...pieces);
    if (isVerse) line.lang = "zh-Hant";
    if (!text) line.append(element("br"));
    for (const entity of covering(entities, start, start + text.length)) {
      if (entity.type.endsWith("blockquote")) line.classList.add("quote");
      if (entity.type === "pre") line.classList.add("pre");
    }
    lines.push(line);
    start += text.length + 1;
  }
  return lines;
}

function hasVerse(text) {
  const verses = text.split("\n").filter((line) => VERSE.test(line.trim()));
  return (verses.join("").match(CLAUSE_ENDS) ?? []).length >= 2;
}

function covering(entities, start, end) {
  return entities.filter((entity) => entity.offset <= start && entity.offset + entity.length >= end);
}

// Entities may nest and cross lines, so the text is cut at every border and each piece is wrapped by what covers it.
function renderSpan(text, start, end, entities, actions, fromBot) {
  const borders = entities.flatMap((entity) => [entity.offset, entity.offset + entity.length]);
  const cuts = [...new Set([start, end, ...borders.filter((at) => at > start && at < end)])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, index) => {
    const to = cuts[index + 1];
    const around = covering(entities, from, to).reverse();
    return around.reduce((inner, entity) => wrap(entity, inner, text, actions, fromBot), document.createTextNode(text.slice(from, to)));
  });
}

function wrap(entity, inner, text, actions, fromBot) {
  if (TAGS[entity.type]) return element(TAGS[entity.type], "", inner);
  if (entity.type === "text_link" && SAFE_URL.test(entity.url)) return link(entity.url, "", inner);
  if (entity.type === "spoiler") return spoiler(inner);
  if (entity.type === "bot_command" && fromBot) {
    const command = button("command", inner);
    command.addEventListener("click", () => actions.say(text.substr(entity.offset, entity.length)));
    return command;
  }
  return element("span", entity.type === "bot_command" ? "command" : "", inner);
}

function spoiler(inner) {
  const cover = button("spoiler", inner);
  cover.addEventListener("click", () => cover.classList.add("shown"));
  return cover;
}

function link(url, className, ...children) {
  const anchor = element("a", className, ...children);
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

function button(className, ...children) {
  const node = element("button", className, ...children);
  node.type = "button";
  return node;
}

function renderKeyboard(message, rows, actions) {
  const keyboard = element("div", "keyboard");
  for (const row of rows) {
    keyboard.append(element("div", "row", ...row.map((cell) => renderButton(message, cell, actions))));
  }
  return keyboard;
}

function renderButton(message, cell, actions) {
  if (cell.url && SAFE_URL.test(cell.url)) return link(cell.url, "key", cell.text, " ↗");
  const key = button("key", cell.text);
  if (cell.callback_data === undefined) {
    key.disabled = true;
    return key;
  }
  key.setAttribute("aria-busy", String(actions.isBusy(message, cell)));
  key.addEventListener("click", () => actions.press(message, cell));
  return key;
}
