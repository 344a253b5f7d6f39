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

// An action that asks first: the same form, in a dialog instead of below its button.
for (const details of all("details[data-sure]")) {
  const summary = one("summary", details);
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    const dialog = document.createElement("dialog");
    const title = document.createElement("h2");
    title.id = "sure";
    title.textContent = summary.textContent.replace(/\s*…\s*$/, "?");
    dialog.setAttribute("aria-labelledby", title.id);
    // An action that takes along what is typed on the page is a button of the page's form, not a form of its own.
    const form = (one("form", details) ?? one(".ask", details)).cloneNode(true);
    form.className = "";
    const back = document.createElement("button");
    back.type = "button";
    back.className = "button quiet";
    back.textContent = "Go back";
    back.addEventListener("click", () => dialog.close());
    const actions = document.createElement("div");
    actions.className = "actions";
    actions.append(back, one("button.firm", form));
    form.append(actions);
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
  if (form.method === "dialog" || event.submitter?.formMethod === "dialog") return;
  // What is drawn in a frame leaves the page as it is.
  if (event.submitter?.formTarget) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  keep(form);
  setTimeout(() => delete form.dataset.sent, 8000);
});
window.addEventListener("pageshow", () => all("form[data-sent]").forEach((f) => delete f.dataset.sent));

// A draft survives a reload of its page, in this tab only. It is dropped when the server says that the form with its
// id was accepted: a page that cannot be reached, or that refuses, drops nothing.
const drafted = (area) => `draft ${location.pathname} ${area.dataset.keep}`;
const SENT = "sent ";
const accepted = /(?:^|; )candor_accepted=([a-z0-9]+)/.exec(document.cookie)?.[1];
if (accepted) {
  for (const name of JSON.parse(sessionStorage.getItem(SENT + accepted) ?? "[]")) sessionStorage.removeItem(name);
  sessionStorage.removeItem(SENT + accepted);
}
for (const area of all("textarea[data-keep]")) {
  if (!area.value) area.value = sessionStorage.getItem(drafted(area)) ?? "";
  area.addEventListener("input", () => sessionStorage.setItem(drafted(area), area.value));
}
// A refused form comes back at the address that it was sent to, one part longer than its page: the drafts of both are of
// the same words.
const depth = (path) => path.split("/").length;
function isSame(name, area) {
  const [word, path, kept] = name.split(" ");
  const here = location.pathname;
  const [short, long] = depth(path ?? "") < depth(here) ? [path ?? "", here] : [here, path ?? ""];
  const isNear = long === short || (long.startsWith(`${short}/`) && depth(long) === depth(short) + 1);
  return word === "draft" && kept === area.dataset.keep && isNear;
}
const sameAs = (area) => Object.keys(sessionStorage).filter((name) => isSame(name, area));
// A field may be called "elements" itself, and then hides the form's own list.
const elementsOf = (form) => Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, "elements").get.call(form);
function keep(form) {
  const fields = elementsOf(form);
  const areas = [...fields].filter((area) => area.dataset.keep && area.value);
  let field = fields.namedItem("draft");
  // A page that gives back a form gives back its id too.
  if (areas.length === 0 || field?.value) return;
  const id = [...crypto.getRandomValues(new Uint8Array(12))].map((n) => (n % 36).toString(36)).join("");
  if (!field) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = "draft";
    form.append(field);
  }
  field.value = id;
  sessionStorage.setItem(SENT + id, JSON.stringify(areas.flatMap(sameAs)));
}

// Tabs are buttons that bring the same page with the other one open; here they switch in place.
for (const tabs of all("[data-tabs]")) {
  const links = all("[data-panel]", tabs);
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
    // Without its query: what it said of the last action is no longer so.
    if (now.status !== live.dataset.status) { source.close(); location.replace(location.pathname); return; }
    for (const [name, words] of Object.entries(now.figures)) {
      for (const spot of all(`[data-live="${CSS.escape(name)}"]`)) {
        if (spot.textContent !== words) spot.textContent = words;
      }
    }
    for (const [name, value] of Object.entries(now.values)) {
      for (const bar of all(`[data-live-value="${CSS.escape(name)}"]`)) {
        bar.max = now.most[name];
        bar.value = value;
      }
    }
    one(".hero", live)?.classList.toggle("held", now.held);
  });
}

// What is drawn rather than said is drawn again every minute, unless a reader has opened its table.
const drawn = live && one("[data-fresh]");
if (drawn) {
  const read = () => document.hidden || one("details[open]", drawn) || drawn.contains(document.activeElement);
  setInterval(async () => {
    if (read()) return;
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = one("[data-fresh]", page);
    if (now && !read()) drawn.replaceChildren(...now.childNodes);
  }, 60_000);
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

// A list is sent in pieces: a connection that breaks costs one, and a user who chooses the same file again, on this
// computer and within a day, goes on where it stopped.
class Stop extends Error {}
const rest = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });
const clock = (s) => (s < 90 ? `${Math.ceil(s)} s` : `${Math.ceil(s / 60)} min`);
const whole = (n) => n.toLocaleString("en");
const AGAIN = "Load this page again and choose the same file: it goes on from here.";
// A gateway speaks for a server that it did not hear.
const AWAY = [429, 502, 503, 504];

class Upload {
  static #least = 256 << 10;
  #most = 8 << 20;
  #piece = 1 << 20;
  #at = 0;
  #over = false;

  constructor(form, to, file, tell) {
    this.to = to;
    this.file = file;
    this.tell = tell;
    this.csrf = one("[name=csrf]", form).value;
    this.mode = one("[name=mode]:checked, [name=mode][type=hidden]", form).value;
    this.home = form.dataset.upload;
    this.memory = `upload ${this.home} ${file.name} ${file.size} ${file.lastModified}`;
  }

  // Which upload this file was; a browser that remembers nothing begins again.
  get #known() {
    try { return localStorage.getItem(this.memory); } catch { return null; }
  }

  set #known(id) {
    try {
      if (id) localStorage.setItem(this.memory, id); else localStorage.removeItem(this.memory);
    } catch { /* It is only a convenience. */ }
  }

  get #share() {
    return `${Math.floor((this.#at / this.file.size) * 100)} %`;
  }

  // Asks until there is an answer that another try would not change.
  async #ask(address, request = () => ({})) {
    for (let [wait, faults] = [1, 0]; ; wait = Math.min(wait * 2, 30)) {
      const asked = await request();
      const answer = await fetch(address, { signal: AbortSignal.timeout(120_000), ...asked }).catch(() => null);
      if (answer && (answer.status === 401 || new URL(answer.url).pathname === "/console/sign-in")) {
        throw new Stop(`You are signed out. Sign in again. ${AGAIN}`);
      }
      if (answer?.status === 500) faults += 1;
      if (answer && !AWAY.includes(answer.status) && (answer.status !== 500 || faults > 3)) return answer;
      this.#piece = Math.max(this.#piece / 2, Upload.#least);
      this.tell(`The connection broke. ${this.#share} is here and stays; trying again in ${wait} s.`);
      await rest(wait);
    }
  }

  async #begin() {
    const id = this.#known;
    const found = id && await this.#ask(`/console/uploads/${id}`);
    if (found?.ok) return found.json();
    const body = new URLSearchParams({ csrf: this.csrf, size: this.file.size });
    const answer = await this.#ask(`${this.home}/uploads${new URL(this.to).search}`, () => ({ method: "POST", body }));
    if (!answer.ok) throw await this.#refused(answer);
    const begun = await answer.json();
    this.#known = begun.id;
    return begun;
  }

  async #refused(answer) {
    if (answer.status === 403) return new Stop(AGAIN);
    if (answer.status !== 409) this.#known = null;
    return new Stop(await said(answer));
  }

  async #next() {
    const body = await this.file.slice(this.#at, this.#at + this.#piece).arrayBuffer().catch(() => {
      throw new Stop("The file cannot be read any more. Was it moved or changed? Choose it again.");
    });
    return { method: "PATCH", body, headers: { "Upload-Offset": this.#at, "X-CSRF-Token": this.csrf } };
  }

  // Sends what is not there yet; the id of the upload.
  async send() {
    const { id, received } = await this.#begin();
    const begun = Date.now();
    this.#at = received;
    while (this.#at < this.file.size) {
      const start = Date.now();
      const answer = await this.#ask(`/console/uploads/${id}`, () => this.#next());
      // A proxy may take less than we do.
      if (answer.status === 413 && this.#piece > Upload.#least) {
        this.#piece = this.#most = Math.max(this.#piece / 2, Upload.#least);
        continue;
      }
      // A piece that came although its answer was lost is no longer the next: how much is here, is asked.
      const now = answer.status === 409 ? await this.#ask(`/console/uploads/${id}`) : answer;
      if (!now.ok) throw await this.#refused(now);
      this.#at = (await now.json()).received;
      const took = (Date.now() - start) / 1000;
      if (took < 2) this.#piece = Math.min(this.#piece * 2, this.#most);
      else if (took > 8) this.#piece = Math.max(this.#piece / 2, Upload.#least);
      const left = ((Date.now() - begun) / 1000) * ((this.file.size - this.#at) / (this.#at - received || 1));
      this.tell(`Sending: ${this.#share}, about ${clock(left)} left.`, this.#at / this.file.size);
    }
    return id;
  }

  // Has the list read; the page that says what came of it, or nothing if the incident's will.
  async read(id) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrf: this.csrf, mode: this.mode, upload: id })) body.append(name, value);
    const begun = Date.now();
    const watch = setInterval(() => this.#watch(begun), 1000);
    this.tell("Reading.", 0);
    const answer = await fetch(this.to, { method: "POST", body }).catch(() => null);
    clearInterval(watch);
    this.#over = true;
    if (answer && !AWAY.includes(answer.status)) {
      if (!answer.ok && answer.status !== 422) throw await this.#refused(answer);
      this.#known = null;
      return answer;
    }
    // The server goes on by itself.
    this.tell("The connection broke. The list is read all the same; this page waits for it.");
    let state = null;
    do {
      await rest(2);
      state = await this.#importing();
    } while (!state || state.rows > 0);
    return null;
  }

  async #importing() {
    try {
      const answer = await fetch(`${this.home}/importing`);
      return answer.ok ? await answer.json() : null;
    } catch { return null; }
  }

  async #watch(begun) {
    const state = await this.#importing();
    if (!state?.rows || this.#over) return;
    const { rows, read } = state;
    const seconds = (Date.now() - begun) / 1000;
    const left = (seconds * (this.file.size - read)) / read;
    this.tell(read < this.file.size
      ? `${whole(rows)} rows read, ${whole(Math.round(rows / seconds))} rows/s, about ${clock(left)} left.`
      : `${whole(rows)} rows read. Comparing with the list in force.`, read / this.file.size);
  }
}

const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

// The sentence of a page that refuses.
async function said(answer) {
  return one("main p", await parsed(answer))?.textContent.trim() || "This did not work. Load this page again, then choose the file once more.";
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const file = form.matches("form[data-upload]") && !event.defaultPrevented && event.submitter?.formMethod !== "dialog" && one('input[type="file"]', form).files[0];
  if (!file?.size) return;
  event.preventDefault();
  const box = one(".uploading", form);
  const [bar, words] = [one("progress", box), one("[role=status]", box)];
  // A button without an address of its own says the page's: the form's counts then.
  const to = event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action;
  const upload = new Upload(form, to, file, (text, share) => {
    words.textContent = text;
    if (share !== undefined) bar.value = share;
  });
  const held = all("button:not([hidden]), input", form);
  const hold = (is) => held.forEach((field) => { field.disabled = is; });
  box.hidden = false;
  hold(true);
  try {
    const answer = await upload.read(await upload.send());
    if (!answer || (answer.ok && answer.redirected)) {
      location.assign(answer?.url ?? form.dataset.upload);
      return;
    }
    const main = one("main", await parsed(answer));
    if (!main) throw new Stop("The answer was cut off. Look at the incident's page whether the draft is there.");
    one("main").replaceWith(main);
    one("[data-focus]")?.focus();
  } catch (error) {
    words.textContent = error instanceof Stop ? error.message : "This did not work. Load this page again, then choose the file once more.";
  }
  hold(false);
  delete form.dataset.sent;
});
window.addEventListener("pageshow", () => all("form[data-upload] :disabled:not([hidden])").forEach((field) => { field.disabled = false; }));
