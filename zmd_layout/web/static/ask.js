/* Questions to the server; an answer that is no answer is an error with its sentence. */
import { word } from "./elements.js";

let lang = "zh";

/* Take the language that answers are in, and return it. */
export function setLanguage(chosen) { lang = chosen; return lang; }

export async function ask(path, options = {}) {
  const url = new URL(path, location.href);
  url.searchParams.set("lang", lang);
  let answer;
  try { answer = await fetch(url, options); } catch { throw new Error(word("failed")); }
  if (answer.ok) return answer;
  let text = word("failed");
  try { text = (await answer.json()).error || text; } catch { /* no JSON: the general word stands */ }
  throw new Error(text);
}
export const post = (path, body) => ask(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});
