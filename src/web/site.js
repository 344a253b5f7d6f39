// Makes pages quicker to use; every one of them works without it.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// After a refusal the reader starts at the list of reasons.
one("[data-focus]")?.focus();

// A sentence at the foot of the window, for what happens without the reader's doing.
function toast(words) {
  let box = one(".toast");
  if (!box) {
    box = document.createElement("div");
    box.className = "toast";
    box.setAttribute("role", "status");
    box.append(document.createElement("p"));
    document.body.append(box);
  }
  box.hidden = !words;
  box.firstChild.textContent = words;
}

// A deed that asks first: the same form, in a dialog instead of below its button.
for (const details of all("details[data-sure]")) {
  const summary = one("summary", details);
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    const dialog = document.createElement("dialog");
    const title = document.createElement("h2");
    title.id = "sure";
    title.textContent = summary.textContent.replace(/\s*…\s*$/, "?");
    dialog.setAttribute("aria-labelledby", title.id);
    const form = one("form", details).cloneNode(true);
    form.className = "";
    const back = document.createElement("button");
    back.type = "button";
    back.className = "button quiet";
    back.textContent = "Go back";
    back.addEventListener("click", () => dialog.close());
    const deeds = document.createElement("div");
    deeds.className = "deeds";
    deeds.append(back, one("button", form));
    form.append(deeds);
    dialog.append(title, form);
    dialog.addEventListener("close", () => { dialog.remove(); summary.focus(); });
    document.body.append(dialog);
    dialog.showModal();
    back.focus();
  });
}

// A slow form is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  for (const area of all("[data-keep]", form)) sessionStorage.removeItem(drafted(area));
  setTimeout(() => delete form.dataset.sent, 8000);
});
window.addEventListener("pageshow", () => all("form[data-sent]").forEach((f) => delete f.dataset.sent));

// A draft survives a reload of its page, in this tab only.
const drafted = (area) => `draft ${location.pathname} ${area.dataset.keep}`;
for (const area of all("textarea[data-keep]")) {
  if (!area.value) area.value = sessionStorage.getItem(drafted(area)) ?? "";
  area.addEventListener("input", () => sessionStorage.setItem(drafted(area), area.value));
}

// Tabs are links to the same page; here they switch in place, so that both drafts stay.
for (const tabs of all("[data-tabs]")) {
  const links = all("a[data-panel]", tabs);
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      for (const other of links) {
        const here = other === link;
        if (here) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
        document.getElementById(other.dataset.panel).hidden = !here;
      }
      one("textarea", document.getElementById(link.dataset.panel))?.focus();
    });
  }
}

// Live figures: the server sends words already written; a changed state brings a new page,
// since its buttons differ.
const live = one("[data-live-from]");
if (live && "EventSource" in window) {
  const source = new EventSource(live.dataset.liveFrom);
  source.addEventListener("open", () => toast(""));
  source.addEventListener("error", () => toast("Live figures are paused. Trying again."));
  source.addEventListener("progress", (event) => {
    const now = JSON.parse(event.data);
    // Without its query: what it said of the last deed is no longer so.
    if (now.status !== live.dataset.status) { source.close(); location.replace(location.pathname); return; }
    for (const [name, words] of Object.entries(now.figures)) {
      for (const spot of all(`[data-live="${CSS.escape(name)}"]`)) {
        if (spot.textContent !== words) spot.textContent = words;
      }
    }
    for (const [name, value] of Object.entries(now.values)) {
      for (const bar of all(`[data-live-value="${CSS.escape(name)}"]`)) bar.value = value;
    }
  });
}

// Keys: an element says which one it answers to; buttons and links are pressed, fields focused.
const keyed = all("[data-key]");
if (keyed.length) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "Escape" && typing) { event.target.blur(); return; }
    if (typing) return;
    const wanted = keyed.find((e) => e.dataset.key === event.key);
    if (!wanted) return;
    event.preventDefault();
    if (wanted.matches("dialog")) wanted.showModal();
    else if (wanted.matches("input, textarea, select")) {
      const panel = wanted.closest("[hidden]");
      if (panel) one(`[data-panel="${CSS.escape(panel.id)}"]`)?.click();
      wanted.focus();
    } else wanted.click();
  });
}
for (const button of all("[data-opens]")) {
  button.hidden = false;
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}

// An upload that tells how far it is: rows a second as the server reads them, and the time left.
for (const form of all("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    const file = one('input[type="file"]', form).files[0];
    if (!file) return;
    event.preventDefault();
    const box = one(".uploading", form);
    const [bar, words] = [one("progress", box), one("[role=status]", box)];
    const request = new XMLHttpRequest();
    const begun = Date.now();
    let sent = 0;
    let rows = 0;
    const tell = () => {
      const seconds = (Date.now() - begun) / 1000;
      const left = sent > 0 ? (seconds * (file.size - sent)) / sent : NaN;
      const rate = Math.round(rows / seconds).toLocaleString("en");
      const time = left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`;
      bar.value = Math.min(sent / file.size, 1);
      words.textContent = sent >= file.size
        ? `${rows.toLocaleString("en")} rows read. Comparing with the list in force.`
        : `${rows.toLocaleString("en")} rows, ${rate} rows/s` + (left >= 0 ? `, about ${time} left` : "");
    };
    const look = setInterval(async () => {
      try {
        const answer = await fetch(form.dataset.upload);
        if (answer.ok) rows = Math.max(rows, (await answer.json()).rows);
      } catch { /* The next look may do better. */ }
      tell();
    }, 1000);
    const ended = (why) => {
      clearInterval(look);
      one("button", form).disabled = false;
      words.textContent = why;
    };
    request.upload.addEventListener("progress", (progress) => { sent = progress.loaded; });
    request.addEventListener("error", () => ended("The connection broke. Nothing was imported: send the file again."));
    request.addEventListener("load", () => {
      if (request.status < 300 && request.responseURL !== form.action) {
        location.assign(request.responseURL);
        return;
      }
      ended("");
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      one("main").replaceWith(one("main", page));
      one("[data-focus]")?.focus();
    });
    box.hidden = false;
    one("button", form).disabled = true;
    request.open("POST", form.action);
    request.send(new FormData(form));
    tell();
  });
}
