// The desk: the box that the reader writes in, the reply that the bot asked for, and commands at hand.

import { button, element } from "./buttons.js";
import { focusFirst, followQuery, isOpen } from "./inline.js";
import { post } from "./server.js";
import { words } from "./words.js";

export const FALLBACK_COMMANDS = ["/poem 月", "/help"];

const $ = (id) => document.getElementById(id);
const input = $("text");
let username = "";
let replyTo = null; // the message that the next words answer

/** `sent` is called before each message goes out. */
export function startComposer(sent) {
  input.setAttribute("aria-label", words.write);
  input.placeholder = words.write;
  $("reply-cancel").setAttribute("aria-label", words.cancel);
  $("composer").addEventListener("submit", sendWritten);
  $("reply-cancel").addEventListener("click", () => answerTo(null));
  $("results").setAttribute("aria-label", words.results);
  input.addEventListener("input", changed);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp" && isOpen()) focusFirst();
    // Enter that ends an input method's composition chooses characters; it does not send.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) sendWritten(event);
  });

  async function sendWritten(event) {
    event.preventDefault();
    if (isOpen()) {
      focusFirst();
      return;
    }
    const text = input.value;
    const answered = replyTo;
    if (!text.trim()) return;
    write("");
    answerTo(null);
    sent();
    // Unless the reader has gone on writing, what was not sent comes back.
    if (!(await post("/page/send", { text, reply_to: answered?.message_id ?? null })) && !input.value) {
      write(text);
      answerTo(answered);
    }
    input.focus();
  }
}

export function setBot(bot) {
  username = bot.username;
}

/** Put words into the box, as if the reader had typed them. */
export function write(text) {
  input.value = text;
  changed();
}

export function askInline(query) {
  write(`@${username} ${query}`);
  input.focus();
}

export function focusInput() {
  input.focus();
}

/** Let the next words answer a message that asked for an answer; null: they answer none. */
export function answerTo(message) {
  replyTo = message;
  $("reply").hidden = !message;
  $("reply-text").textContent = (message?.text ?? message?.caption ?? "").split("\n")[0];
  input.placeholder = message?.reply_request.input_field_placeholder || words.write;
}

/** The message that was to be answered is gone. */
export function forget(messageId) {
  if (replyTo?.message_id === messageId) answerTo(null);
}

export function showCommands(commands, say) {
  const listed = commands.map(({ command, description }) => ({ text: `/${command}`, description }));
  const chips = listed.length ? listed : FALLBACK_COMMANDS.map((text) => ({ text, description: "" }));
  $("chips").replaceChildren(
    ...chips.map((chip) => {
      const node = button("chip", element("b", "", chip.text));
      if (chip.description) node.append(" ", element("span", "", chip.description));
      node.addEventListener("click", () => say(chip.text));
      return node;
    }),
  );
}

function changed() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, window.innerHeight / 3)}px`;
  const prefix = `@${username} `.toLowerCase();
  const isQuery = username !== "" && input.value.toLowerCase().startsWith(prefix);
  followQuery(isQuery ? input.value.slice(prefix.length) : null);
}
