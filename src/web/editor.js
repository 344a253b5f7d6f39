// The editor of templates: the preview follows what is typed, the menu inserts at the cursor, and nothing typed is left
// by mistake. The page works without it.
"use strict";

{
  const form = document.getElementById("editor");
  const PAUSE = 700;
  const part = (name, within = document) => within.querySelector(`[data-${name}]`);

  // What is shown beside the texts, and comes anew from the server.
  const PARTS = ["unsaved", "check", "facts", "reads"];
  let timer = 0;
  let newest = 0;
  // The text that is written in.
  let last = null;
  let typed = false;

  // The form as it is, for a preview in the language that is written in.
  function fields() {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) body.append(name, value);
    body.set("act", "show");
    const locale = last?.closest("details")?.querySelector("[name=locale]")?.value;
    if (locale) body.set("shown", locale);
    return body;
  }

  // Draws the letter in its frame. The frame is new each time, so that the browser's history does not grow.
  function draw() {
    const button = document.querySelector("button[formtarget=letter]");
    if (!button) return;
    const shown = form.querySelector("[name=shown]");
    shown.value = fields().get("shown");
    form.requestSubmit(button);
  }

  async function refresh() {
    clearTimeout(timer);
    timer = 0;
    newest += 1;
    const mine = newest;
    const answer = await fetch(form.action, { method: "POST", body: fields() }).catch(() => null);
    // A later one is on its way, or this one is no page of the editor, as after a sign-out.
    if (mine !== newest || !answer?.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== newest || !part("reads", page)) return;
    const kept = document.activeElement;
    for (const name of PARTS) {
      const [old, now] = [part(name), part(name, page)];
      // What the reader works in stays as it is until they leave it.
      if (!old || !now || old.contains(kept)) continue;
      const open = [...old.querySelectorAll("details")].map((details) => details.open);
      old.replaceChildren(...now.childNodes);
      old.querySelectorAll("details").forEach((details, n) => { details.open = open[n] ?? details.open; });
    }
    draw();
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE);
  }

  const isOurs = (field) => field.form === form && field.type !== "hidden";
  document.addEventListener("input", (event) => {
    if (!isOurs(event.target)) return;
    if (event.target.matches("textarea, [name=subject], [name=locale], [name=names]")) typed = true;
    if (!event.isComposing) later();
  });
  document.addEventListener("compositionend", (event) => { if (isOurs(event.target)) later(); });
  document.addEventListener("focusin", (event) => {
    if (isOurs(event.target) && event.target.matches("[name=body], [name=subject]")) last = event.target;
  });

  // The menu.
  for (const code of document.querySelectorAll("[data-insert]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.textContent = "Insert";
    button.setAttribute("aria-label", `Insert ${code.textContent.replace(/\s+/g, " ")}`);
    button.addEventListener("click", () => {
      const field = last ?? document.querySelector("details[open] [name=body]");
      if (!field) return;
      const words = field.matches("textarea") ? code.textContent : code.textContent.replace(/\s+/g, " ");
      const start = field.selectionStart;
      field.focus();
      field.setRangeText(words, start, field.selectionEnd, "end");
      // In a block, the cursor goes to its empty line.
      const inside = words.indexOf("\n");
      if (inside > 0) field.setSelectionRange(start + inside + 1, start + inside + 1);
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    });
    code.before(button);
  }

  // Words that are not saved are not left by mistake.
  form?.addEventListener("submit", (event) => { if (!event.submitter?.formTarget) typed = false; });
  window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

  // A page that comes back with unsaved words draws them at once.
  if (form && document.querySelector("button[formtarget=letter]")) draw();
}
