// Inline mode: what is written behind @bot is asked as it is typed, and what the bot offers can be sent.

import { button, element } from "./buttons.js";
import { mediaUrl } from "./render.js";
import { post } from "./server.js";
import { words } from "./words.js";

const PAUSE_MS = 300; // the reader types on; Telegram's apps wait about as long

const panel = document.getElementById("results");
let timer = 0;
let asked = null; // the query that is shown or awaited: its words, id and results
let early = null; // results that overtook the response which names their query

/** Follow what stands in the box; `query` is null while it does not begin with @bot. */
export function followQuery(query) {
  if (query === asked?.query) return;
  clearTimeout(timer);
  asked = query === null ? null : { query, id: null, results: [] };
  if (!asked) hide();
  else timer = setTimeout(() => ask(asked, ""), PAUSE_MS);
}

export function isOpen() {
  return !panel.hidden;
}

export function focusFirst() {
  panel.querySelector("button")?.focus();
}

/** The bot's answer to a query. `actions` has `chosen()`, called after a result was sent, and `say(text)`. */
export function showResults(offer, actions) {
  if (!asked) return;
  if (asked.id !== offer.query_id) {
    early = { offer, actions };
    return;
  }
  if (!offer.offset) asked.results = [];
  asked.results.push(...offer.results.map((result) => ({ ...result, queryId: offer.query_id })));
  const nodes = asked.results.map((result) => renderResult(result, actions));
  if (offer.button) nodes.unshift(startButton(offer.button, actions));
  if (offer.next_offset) nodes.push(moreButton(asked, offer.next_offset));
  if (!nodes.length) nodes.push(element("p", "", words.noResults));
  panel.replaceChildren(...nodes);
  panel.hidden = false;
}

async function ask(current, offset) {
  const answer = await post("/page/ask", { query: current.query, offset });
  if (!answer || current !== asked) return;
  current.id = answer.query_id;
  if (early?.offer.query_id === current.id) showResults(early.offer, early.actions);
  early = null;
}

function hide() {
  panel.hidden = true;
  panel.replaceChildren();
}

function renderResult(result, actions) {
  const node = button("result");
  const picture = result.photo?.at(-1);
  if (picture) {
    const image = element("img", "");
    image.src = mediaUrl(picture.file_id);
    image.alt = "";
    node.append(image);
  }
  const name = result.title || result.document?.file_name || words.photo;
  node.append(element("span", "", element("b", "", name), element("small", "", result.description ?? "")));
  node.addEventListener("click", async () => {
    node.disabled = true;
    if (await post("/page/choose", { query_id: result.queryId, result_id: result.id })) actions.chosen();
    else node.disabled = false;
  });
  return node;
}

function startButton(given, actions) {
  const node = button("result start", element("b", "", given.text));
  node.addEventListener("click", () => {
    actions.chosen();
    actions.say(`/start ${given.start_parameter}`);
  });
  return node;
}

function moreButton(current, offset) {
  const node = button("result more", words.more);
  node.addEventListener("click", () => {
    node.disabled = true;
    ask(current, offset);
  });
  return node;
}
