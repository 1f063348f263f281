// Messages to DOM. Message text only ever becomes text nodes: names, titles and poems are not ours to trust.

import { button, element, link, renderKeyboard } from "./buttons.js";
import { words } from "./words.js";

// A line of nothing but hanzi and punctuation may be verse, if its clauses are of one length: plain sentences rarely are.
const VERSE = /^(?:\p{Script=Han}{4,}[，。、；：？！])+$/u;
const CLAUSE_ENDS = /[，。、；：？！]/g;
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "code" };
const QUOTE_LENGTH = 60;

/**
 * One message. `actions` has `press(message, button)`, `say(text)`, `askInline(query)`, `isBusy(messageId, data)` and
 * `bot()`, who the bot is.
 */
export function renderMessage(message, actions) {
  const byBot = message.from.is_bot || Boolean(message.via_bot);
  const article = element("article", message.from.is_bot ? "message bot" : "message reader");
  if (message.via_bot) article.classList.add("via");
  article.dataset.id = message.message_id;
  const text = message.text ?? message.caption ?? "";
  const entities = message.entities ?? message.caption_entities ?? [];
  const bubble = element("div", "bubble");
  if (message.via_bot) bubble.append(element("p", "origin", `${words.via} @${message.via_bot.username}`));
  if (message.forward_origin) {
    bubble.append(element("p", "origin", `${words.forwarded} ${message.forward_origin.sender_user.first_name}`));
  }
  if (message.reply_to_message) bubble.append(renderQuote(message.reply_to_message));
  if (message.photo) {
    article.classList.add("pictured");
    bubble.append(renderPhoto(message, text));
  }
  if (message.document) bubble.append(renderDocument(message.document));
  if (text) bubble.append(...renderLines(text, entities, byBot, actions));
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

function renderQuote(original) {
  const said = (original.text ?? original.caption ?? "").replaceAll("\n", " ");
  const short = said.length > QUOTE_LENGTH ? `${said.slice(0, QUOTE_LENGTH)}…` : said;
  return element("blockquote", "quoted", short || (original.photo ? words.photo : words.document));
}

function renderPhoto(message, caption) {
  const largest = message.photo.at(-1);
  const image = element("img", "");
  image.src = mediaUrl(largest.file_id);
  image.width = largest.width;
  image.height = largest.height;
  image.style.setProperty("--width", largest.width);
  image.style.setProperty("--ratio", largest.width / largest.height);
  image.alt = caption || words.photo;
  const frame = element("a", "photo", image);
  frame.href = image.src;
  frame.target = "_blank";
  image.addEventListener("error", () => frame.replaceWith(element("p", "gone", words.gone)));
  return frame;
}

function renderDocument(file) {
  const anchor = element(
    "a",
    "document",
    element("span", "sheet", "⤓"),
    element("span", "file", element("b", "", file.file_name), element("span", "", sizeOf(file.file_size))),
  );
  anchor.href = mediaUrl(file.file_id);
  anchor.download = file.file_name;
  return anchor;
}

export function mediaUrl(fileId) {
  return `/page/media/${encodeURIComponent(fileId)}`;
}

function sizeOf(bytes) {
  const units = ["byte", "kilobyte", "megabyte"];
  const power = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)), 2);
  const format = { style: "unit", unit: units[power], maximumFractionDigits: 1 };
  return new Intl.NumberFormat(navigator.language, format).format(bytes / 1024 ** power);
}

function renderLines(whole, entities, byBot, actions) {
  const lines = [];
  const isPoem = byBot && hasVerse(whole);
  let start = 0;
  for (const text of whole.split("\n")) {
    const verse = isPoem && isVerse(text);
    const pieces = renderSpan(whole, start, start + text.length, entities, actions, byBot);
    const line = element("span", verse ? "line verse" : "line", ...pieces);
    if (verse) line.lang = "zh-Hant";
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

// Two clauses make a poem; one may be a plain sentence.
function hasVerse(text) {
  const verses = text.split("\n").filter(isVerse);
  return (verses.join("").match(CLAUSE_ENDS) ?? []).length >= 2;
}

function isVerse(line) {
  const clauses = line.trim().split(CLAUSE_ENDS).slice(0, -1);
  return VERSE.test(line.trim()) && new Set(clauses.map((clause) => [...clause].length)).size === 1;
}

function covering(entities, start, end) {
  return entities.filter((entity) => entity.offset <= start && entity.offset + entity.length >= end);
}

// Entities may nest and cross lines, so the text is cut at every border and each piece is wrapped by what covers it.
function renderSpan(text, start, end, entities, actions, byBot) {
  const borders = entities.flatMap((entity) => [entity.offset, entity.offset + entity.length]);
  const cuts = [...new Set([start, end, ...borders.filter((at) => at > start && at < end)])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, index) => {
    const to = cuts[index + 1];
    const around = covering(entities, from, to).reverse();
    return around.reduce((inner, entity) => wrap(entity, inner, text, actions, byBot), document.createTextNode(text.slice(from, to)));
  });
}

function wrap(entity, inner, text, actions, byBot) {
  const said = text.substr(entity.offset, entity.length);
  if (TAGS[entity.type]) return element(TAGS[entity.type], "", inner);
  if (entity.type === "text_link") return link(entity.url, "", actions, inner) ?? inner;
  if (entity.type === "url") return link(said, "", actions, inner) ?? inner;
  if (entity.type === "spoiler") return spoiler(inner);
  if (entity.type === "bot_command" && byBot) {
    const command = button("command", inner);
    command.addEventListener("click", () => actions.say(said));
    return command;
  }
  return element("span", entity.type === "bot_command" ? "command" : "", inner);
}

function spoiler(inner) {
  const cover = button("spoiler", inner);
  cover.addEventListener("click", () => cover.classList.add("shown"));
  return cover;
}
