import { counted, el, ticked } from "./dom";
import { Files } from "./files";
import { Graph } from "./graph";
import { Help } from "./help";
import { Plan } from "./plan";
import { Principles } from "./score";
import type { Environment, Forecast, Listing, Opened, Place, View } from "./server";

/** What buttons and links of the page do. */
export type Does = {
  jump: (place: Place) => void;
  explain: (code: string) => void;
  load: (path: string) => Promise<string>;
  choose: (uri: string) => void;
  environment: () => void;
  save: () => void;
  format: () => void;
  problems: () => void;
};

const PANELS = ["Graph", "Plan", "Files", "Principles", "Help"] as const;
type Panel = (typeof PANELS)[number];

/** All of the page but the editors: its head, tabs, panels, and what it says at the foot. */
export class Frame {
  chosen = "";
  environment = "";
  private view: View | null = null;
  private listing: Listing | null = null;
  private forecast: Forecast | null = null;
  private drawn = "";
  private here: Place | null = null;

  private readonly graph: Graph;
  private readonly plan: Plan;
  private readonly list: Files;
  private readonly score: Principles;
  private readonly help = new Help();
  private readonly name = el("h1", {}, "mlopsc playground");
  private readonly folder = el("span", { class: "folder" });
  private readonly saveButton: HTMLButtonElement;
  private readonly notice = el("p", { class: "notice", role: "alert", hidden: true });
  private readonly done = el("span", { class: "done", role: "status" });
  private readonly tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Files" });
  private readonly editors = el("div", { class: "editors" });
  private readonly found: HTMLButtonElement;
  private readonly stale = el("p", { class: "stale", role: "status", hidden: true });
  private readonly choice = el("select", { "aria-label": "Environment" });
  private readonly panels = new Map<Panel, { tab: HTMLButtonElement; body: HTMLElement }>();
  private readonly result = el("div", { class: "result" });
  private readonly waiting = el("p", { class: "empty" }, "The graph, the plan and the files appear once the spec has no errors.");

  constructor(private readonly does: Does) {
    this.graph = new Graph(does.jump);
    this.plan = new Plan(does.jump);
    this.list = new Files(does.load);
    this.score = new Principles(does.jump, does.explain);
    this.saveButton = el("button", { type: "button", class: "primary", title: "Ctrl-S", click: does.save }, "Save");
    this.found = el("button", { type: "button", class: "found", title: "All messages (Ctrl-Shift-M)", click: does.problems });
    this.build();
    addEventListener("keydown", (event) => this.pressed(event));
  }

  private build(): void {
    const format = el("button", { type: "button", title: "Shift-Alt-F", click: this.does.format }, "Format");
    const head = el("header", { class: "top" }, logo(), this.name, this.folder, this.done, format, this.saveButton);
    const left = el("section", { class: "left", "aria-label": "Spec" }, this.tabs, this.editors, this.found);
    const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "What the spec stands for" });
    const bodies = [this.graph.dom, this.plan.dom, this.list.dom, this.score.dom, this.help.dom];
    PANELS.forEach((name, number) => {
      const tab = el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` }, name);
      const body = el("div", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` });
      tab.title = `Alt-${number + 1}`;
      tab.addEventListener("click", () => this.turn(name));
      body.append(bodies[number] ?? "");
      this.panels.set(name, { tab, body });
      tabs.append(tab);
      this.result.append(body);
    });
    tabs.addEventListener("keydown", (event) => this.along(event));
    this.choice.addEventListener("change", () => this.environmentChosen());
    const bar = el("div", { class: "bar" }, tabs, this.choice);
    const right = el("section", { class: "right", "aria-label": "Result" }, bar, this.stale, this.waiting, this.result);
    const main = el("main", {}, left, divider(), right);
    document.body.append(head, this.notice, main);
    this.turn("Graph");
    this.result.hidden = true;
  }

  title(opened: Opened): void {
    this.folder.textContent = opened.scratch ? "a copy of an example" : opened.place;
    this.folder.title = opened.scratch ? `Save puts it into ${opened.place}` : opened.place;
    this.saveButton.textContent = opened.scratch ? "Save a copy" : "Save";
    document.title = `${opened.title} – mlopsc playground`;
    if (opened.scratch) this.saveButton.title = `Into ${opened.place} (Ctrl-S)`;
  }

  add(uri: string, path: string, dom: HTMLElement, isSpec: boolean): void {
    const tab = el("button", { type: "button", role: "tab", click: () => this.does.choose(uri) }, path);
    tab.dataset["uri"] = uri;
    tab.classList.toggle("reads", !isSpec);
    if (!isSpec) tab.title = "To read; edit it in your editor";
    const body = el("div", { class: "editor", role: "tabpanel", "aria-label": path, hidden: true }, dom);
    body.dataset["uri"] = uri;
    this.tabs.append(tab);
    this.editors.append(body);
  }

  show(uri: string): void {
    this.chosen = uri;
    for (const tab of this.tabs.querySelectorAll<HTMLElement>("[role=tab]")) {
      tab.setAttribute("aria-selected", String(tab.dataset["uri"] === uri));
    }
    for (const body of this.editors.querySelectorAll<HTMLElement>(".editor")) body.hidden = body.dataset["uri"] !== uri;
  }

  unsaved(uris: Set<string>): void {
    for (const tab of this.tabs.querySelectorAll<HTMLElement>("[role=tab]")) {
      tab.classList.toggle("unsaved", uris.has(tab.dataset["uri"] ?? ""));
    }
    if (uris.size) this.done.textContent = "";
  }

  problems(errors: number, warnings: number, notes: number): void {
    const parts = [
      errors ? counted(errors, "error") : "",
      warnings ? counted(warnings, "warning") : "",
      notes ? counted(notes, "note") : "",
    ].filter((one) => one !== "");
    this.found.textContent = parts.join(", ") || "No findings";
    this.found.dataset["state"] = errors ? "error" : warnings ? "warning" : notes ? "note" : "good";
  }

  /** A fact that somebody has to do something about, or one that is only told. */
  say(fact: string, done = ""): void {
    this.notice.replaceChildren(ticked(fact));
    this.notice.hidden = fact === "";
    this.done.textContent = done;
  }

  /** Another state of the spec; where it has errors, the last good one stays. */
  update(view: View): void {
    const isBroken = view.errors > 0 || !view.environments;
    this.result.classList.toggle("old", isBroken && this.view !== null);
    this.stale.hidden = !isBroken || this.view === null;
    if (isBroken) {
      this.stale.textContent = `${counted(view.errors, "error")}: shown is the last state without any`;
      return;
    }
    this.view = view;
    this.waiting.hidden = true;
    this.result.hidden = false;
    this.environments(view.environments ?? []);
    this.draw();
    const score = this.panels.get("Principles")?.tab;
    if (view.score && score) {
      this.score.update(view.score);
      score.replaceChildren("Principles", el("small", {}, `${view.score.earned}/${view.score.total}`));
    }
  }

  async files(listing: Listing): Promise<void> {
    this.listing = listing;
    const tab = this.panels.get("Files")?.tab;
    tab?.replaceChildren("Files", el("small", {}, String(listing.files.length)));
    await this.list.update(listing, this.environment);
  }

  foreseen(environment: string, forecast: Forecast): void {
    if (environment !== this.environment) return;
    this.forecast = forecast;
    this.drawPlan();
  }

  page(code: string, title: string, html: string): void {
    this.help.page(code, title, html);
    this.result.hidden = false;
    this.waiting.hidden = true;
    this.turn("Help");
  }

  /** The cursor is somewhere else. */
  moved(place: Place): void {
    this.here = place;
    const own = (this.shown()?.stages ?? []).filter((one) => one.at.uri === place.uri && one.at.line <= place.line);
    const last = own.reduce<(typeof own)[number] | null>((best, one) => (best && best.at.line > one.at.line ? best : one), null);
    this.graph.mark(last?.name ?? null);
  }

  private shown(): Environment | undefined {
    return this.view?.environments?.find((one) => one.name === this.environment);
  }

  private environments(found: Environment[]): void {
    const names = found.map((one) => one.name);
    if (!names.includes(this.environment)) this.environment = names[0] ?? "";
    this.choice.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
    this.choice.value = this.environment;
    this.choice.hidden = names.length < 2;
  }

  private environmentChosen(): void {
    this.environment = this.choice.value;
    this.forecast = null;
    this.draw();
    if (this.listing) void this.list.update(this.listing, this.environment);
    this.does.environment();
  }

  private draw(): void {
    const environment = this.shown();
    if (!environment) return;
    this.graph.update(environment, this.drawn !== environment.name);
    this.drawn = environment.name;
    this.drawPlan();
    if (this.here) this.moved(this.here);
  }

  private drawPlan(): void {
    const environment = this.shown();
    if (environment) this.plan.update(environment, this.forecast);
  }

  private turn(name: Panel): void {
    for (const [other, { tab, body }] of this.panels) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      body.hidden = other !== name;
    }
    if (name === "Help") {
      this.result.hidden = false;
      this.waiting.hidden = true;
    } else if (this.view === null) {
      this.result.hidden = true;
      this.waiting.hidden = false;
    }
  }

  private along(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const at = PANELS.findIndex((name) => this.panels.get(name)?.tab === document.activeElement);
    const next = PANELS[(at + step + PANELS.length) % PANELS.length];
    if (!step || at < 0 || !next) return;
    this.turn(next);
    this.panels.get(next)?.tab.focus();
    event.preventDefault();
  }

  private pressed(event: KeyboardEvent): void {
    const isSave = (event.ctrlKey || event.metaKey) && event.key === "s";
    const panel = event.altKey && !event.ctrlKey && /^Digit[1-5]$/.test(event.code) && PANELS[Number(event.code.at(-1)) - 1];
    if (panel) {
      this.turn(panel);
      this.panels.get(panel)?.tab.focus();
    }
    if (isSave && !event.defaultPrevented) this.does.save();
    if (isSave || panel) event.preventDefault();
  }
}

function logo(): HTMLElement {
  return el("span", { class: "logo", "aria-hidden": "true" }, "m");
}

/** The line between both halves, to be moved by mouse and by arrow keys. */
function divider(): HTMLElement {
  const made = el("div", {
    class: "divider", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": "Width of the editor",
    "aria-valuemin": "20", "aria-valuemax": "80",
  });
  const set = (share: number) => {
    const percent = Math.min(80, Math.max(20, share));
    made.setAttribute("aria-valuenow", String(Math.round(percent)));
    document.documentElement.style.setProperty("--left", `${percent}fr`);
    document.documentElement.style.setProperty("--right", `${100 - percent}fr`);
  };
  set(48);
  made.addEventListener("pointerdown", (event) => made.setPointerCapture(event.pointerId));
  made.addEventListener("pointermove", (event) => {
    if (made.hasPointerCapture(event.pointerId)) set((100 * event.clientX) / innerWidth);
  });
  made.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowLeft" ? -4 : event.key === "ArrowRight" ? 4 : 0;
    if (step) set(Number(made.getAttribute("aria-valuenow")) + step);
  });
  return made;
}
