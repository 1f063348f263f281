// The conversation: listens to the server's events and shows what happens.

import { answerTo, askInline, FALLBACK_COMMANDS, focusInput, forget, setBot, showCommands, startComposer, write } from "./composer.js";
import { showResults } from "./inline.js";
import { renderMessage } from "./render.js";
import { post, toast } from "./server.js";
import { language, words } from "./words.js";

const TYPING_MS = 5000; // as long as Telegram shows a chat action
const ANSWER_MS = 15000; // after that a button stops looking busy
const FOLLOW_MS = 5000; // what comes so soon after a press is its answer, and wanted in view

const $ = (id) => document.getElementById(id);
const scroll = $("scroll");
const log = $("log");
const messages = new Map();
const busy = new Map(); // query id, or a press under way, → the key pressed
const early = new Set(); // answers that overtook the response which names their query
let bot = { username: "" };
let typingTimer = 0;
let pressedAt = -Infinity;

const actions = {
  say,
  press,
  askInline,
  isBusy: (messageId, data) => [...busy.values()].includes(keyOf(messageId, data)),
  bot: () => bot,
};

// What the reader does

async function say(text) {
  toBottom();
  return (await post("/page/send", { text })) !== null;
}

async function press(message, cell) {
  const key = keyOf(message.message_id, cell.callback_data);
  if ([...busy.values()].includes(key)) return;
  pressedAt = performance.now();
  const underWay = Symbol(key);
  setBusy(underWay, key);
  const answer = await post("/page/press", { message_id: message.message_id, data: cell.callback_data });
  if (answer && !early.delete(answer.query_id)) {
    setBusy(answer.query_id, key);
    setTimeout(() => clearBusy(answer.query_id), ANSWER_MS);
  }
  clearBusy(underWay);
}

function keyOf(messageId, data) {
  return `${messageId} ${data}`;
}

function setBusy(id, key) {
  busy.set(id, key);
  showBusy();
}

function clearBusy(id) {
  busy.delete(id);
  showBusy();
}

function showBusy() {
  for (const key of log.querySelectorAll(".key[data-data]")) {
    const { id } = key.closest(".message").dataset;
    key.setAttribute("aria-busy", String(actions.isBusy(id, key.dataset.data)));
  }
}

// What happens in the chat

function show(message) {
  const old = log.querySelector(`[data-id="${Number(message.message_id)}"]`);
  const isAnswer = !old && performance.now() - pressedAt < FOLLOW_MS;
  const follow = isAtBottom() || !message.from.is_bot || isAnswer;
  const article = renderMessage(message, actions);
  messages.set(message.message_id, message);
  if (old) {
    replaceKeepingFocus(old, article);
  } else {
    log.append(article);
    if (message.from.is_bot) {
      showTyping(false);
      answerTo(message.reply_request ? message : null);
    }
  }
  $("welcome").hidden = true;
  if (follow) toBottom();
  else if (!old) $("newest").hidden = false;
}

// An edit must not throw the keyboard user out: the same place in the new buttons gets the focus.
function replaceKeepingFocus(old, article) {
  const place = [...old.querySelectorAll("button, a")].indexOf(document.activeElement);
  const open = [...old.querySelectorAll(".spoiler")].map((cover) => cover.classList.contains("shown"));
  article.querySelectorAll(".spoiler").forEach((cover, index) => cover.classList.toggle("shown", Boolean(open[index])));
  old.replaceWith(article);
  if (place < 0) return;
  const targets = article.querySelectorAll("button, a");
  const target = targets[Math.min(place, targets.length - 1)];
  if (target) target.focus({ preventScroll: true });
  else focusInput();
}

function remove(messageId) {
  messages.delete(messageId);
  forget(messageId);
  log.querySelector(`[data-id="${Number(messageId)}"]`)?.remove();
  $("welcome").hidden = messages.size > 0;
}

function showSnapshot({ bot: who, commands, messages: current }) {
  bot = who;
  setBot(bot);
  $("name").textContent = bot.first_name;
  document.title = bot.first_name;
  showCommands(commands, say);
  log.setAttribute("aria-busy", "true"); // history is there to be read, not to be announced
  const ids = new Set(current.map((message) => message.message_id));
  for (const id of [...messages.keys()]) if (!ids.has(id)) remove(id);
  for (const message of current) {
    // After a reconnection most are known: rendering them again would read them all out again.
    if (JSON.stringify(messages.get(message.message_id)) !== JSON.stringify(message)) show(message);
  }
  log.setAttribute("aria-busy", "false");
  $("welcome").hidden = current.length > 0;
}

function showTyping(on) {
  clearTimeout(typingTimer);
  const follow = isAtBottom();
  $("typing").hidden = !on;
  if (on) typingTimer = setTimeout(() => showTyping(false), TYPING_MS);
  if (on && follow) toBottom();
}

function showAnswer({ query_id: queryId, text, show_alert: asDialog }) {
  if (!busy.has(queryId)) early.add(queryId);
  clearBusy(queryId);
  if (!text) return;
  if (!asDialog) {
    toast(text);
    return;
  }
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}

function showConnection(state) {
  document.body.dataset.connection = state;
  $("status").textContent = words[state];
}

function isAtBottom() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
}

function toBottom() {
  scroll.scrollTop = scroll.scrollHeight;
  $("newest").hidden = true;
}

function listen() {
  const events = new EventSource(`/page/events?language=${encodeURIComponent(navigator.language)}`);
  const on = (kind, handle) => events.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  on("snapshot", (snapshot) => {
    showSnapshot(snapshot);
    showConnection("here");
  });
  on("message", show);
  on("edit", show);
  on("delete", (content) => remove(content.message_id));
  on("action", () => showTyping(true));
  on("answer", showAnswer);
  on("results", (offer) => showResults(offer, { say, chosen: () => { write(""); focusInput(); } }));
  on("commands", (content) => showCommands(content.commands, say));
  events.onerror = () => {
    showConnection("lost");
    showTyping(false);
    // The browser itself reconnects after a network error, but gives up after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

function start() {
  document.documentElement.lang = language;
  $("invitation").textContent = words.invitation;
  $("typing-text").textContent = words.typing;
  $("newest").textContent = words.newest;
  $("alert-close").textContent = words.close;
  $("send").setAttribute("aria-label", words.send);
  $("chips").setAttribute("aria-label", words.commands);
  log.setAttribute("aria-label", words.conversation);
  scroll.setAttribute("aria-label", words.conversation);
  showConnection("connecting");

  startComposer(toBottom);
  $("first").addEventListener("click", () => say(FALLBACK_COMMANDS[0]));
  $("newest").addEventListener("click", toBottom);
  $("alert-close").addEventListener("click", () => $("alert").close());
  scroll.addEventListener("scroll", () => {
    if (isAtBottom()) $("newest").hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("alert").open) focusInput();
  });
  listen();
}

start();
