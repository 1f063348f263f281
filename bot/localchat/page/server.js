// What the page asks of its server, and the short notes that tell how it went.

import { words } from "./words.js";

const TOAST_MS = 4000;
let toastTimer = 0;

/** POST to the page's own server; its answer, or null after the reader was told why there is none. */
export async function post(path, content) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...content, language: navigator.language }),
  }).catch(() => null);
  if (!response) {
    toast(words.notSent);
    return null;
  }
  const answer = await response.json().catch(() => ({ ok: false, description: response.statusText }));
  if (!answer.ok) toast(`${words.refused}: ${answer.description}`);
  return answer.ok ? answer : null;
}

export function toast(text) {
  const node = document.getElementById("toast");
  clearTimeout(toastTimer);
  node.textContent = text;
  node.classList.add("shown");
  toastTimer = setTimeout(() => node.classList.remove("shown"), TOAST_MS);
}
