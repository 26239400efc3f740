import { type Extension, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

import { counted, el, ticked } from "./dom";
import { reader } from "./editor";
import type { Listing, Output } from "./server";

/** The files that a build would write, and the text of one of them. */
export class Files {
  readonly dom = el("div", { class: "files" });
  private readonly list = el("nav", { class: "list scrolls", "aria-label": "Files that a build would write" });
  private readonly shown = el("div", { class: "text" });
  private chosen = "";
  private text = "";
  private digest = "";
  private first: Map<string, string> | null = null;

  constructor(private readonly load: (path: string) => Promise<string>) {
    this.dom.append(this.list, this.shown);
  }

  async update(listing: Listing, environment: string): Promise<void> {
    this.first ??= new Map(listing.files.map((one) => [one.path, one.digest]));
    const files = listing.files;
    if (!files.some((one) => one.path === this.chosen)) this.chosen = likeliest(files, environment)?.path ?? "";
    this.draw(listing, environment);
    await this.show(files);
  }

  private draw(listing: Listing, environment: string): void {
    const names = [...new Set(listing.files.map((one) => one.environment))];
    const order = [environment, ...names.filter((one) => one !== environment && one !== ""), ""];
    const refused = listing.refused.map((one) =>
      el("p", { class: "note" }, el("b", {}, one.target), " ", ticked([one.message, one.hint].filter(Boolean).join(": "))),
    );
    const groups = order.flatMap((name) => this.group(name, listing.files.filter((one) => one.environment === name), listing));
    const scrolled = this.list.scrollTop;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["path"] : undefined;
    this.list.replaceChildren(...refused, ...groups);
    this.list.scrollTop = scrolled;
    if (focused) this.list.querySelector<HTMLElement>(`[data-path="${CSS.escape(focused)}"]`)?.focus();
  }

  private group(name: string, files: Output[], listing: Listing): HTMLElement[] {
    if (files.length === 0) return [];
    const rows = files.map((one) => {
      const before = this.first?.get(one.path);
      const mark = before === undefined ? "new" : before === one.digest ? "" : "changed";
      const button = el(
        "button",
        { type: "button", class: `file ${mark}`, "data-path": one.path, title: `${one.path}, of the target ${one.target}` },
        el("span", { class: "path" }, ...short(one).split(/(?<=\/)/).flatMap((part) => [part, el("wbr")])),
        mark ? el("small", {}, mark) : "",
      );
      if (one.path === this.chosen) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => {
        this.chosen = one.path;
        for (const other of this.list.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
        button.setAttribute("aria-current", "true");
        void this.show(listing.files);
      });
      return el("li", {}, button);
    });
    return [el("h3", {}, name || "For all environments"), el("ul", {}, ...rows)];
  }

  private async show(files: Output[]): Promise<void> {
    const file = files.find((one) => one.path === this.chosen);
    if (file === undefined) {
      this.shown.replaceChildren(el("p", { class: "empty" }, "There are no files yet."));
      return;
    }
    if (file.digest === this.digest && this.shown.dataset["path"] === file.path) return;
    const text = await this.load(file.path);
    const isSame = this.shown.dataset["path"] === file.path;
    const scrolled = isSame ? this.shown.querySelector(".cm-scroller")?.scrollTop ?? 0 : 0;
    const view = reader(file.path, text, isSame ? freshLines(this.text, text) : []);
    const told = `${file.target} · ${counted(file.lines, "line")}${file.committed ? "" : " · of this machine, not committed"}`;
    const copy = el("button", { type: "button", class: "quiet small" }, "Copy");
    copy.addEventListener("click", () => {
      void navigator.clipboard.writeText(text).then(() => (copy.textContent = "Copied"));
    });
    const head = el("header", {}, el("code", { title: file.path }, file.path), el("small", {}, told), copy);
    this.shown.replaceChildren(head, view.dom);
    this.shown.dataset["path"] = file.path;
    [this.text, this.digest] = [text, file.digest];
    view.scrollDOM.scrollTop = scrolled;
  }
}

function likeliest(files: Output[], environment: string): Output | undefined {
  return files.find((one) => one.environment === environment) ?? files[0];
}

/** A path without the folders that its heading says. */
function short(file: Output): string {
  const parts = file.path.split("/");
  if (file.environment !== "") return parts.slice(3).join("/");
  return parts[0] === "deploy" ? parts.slice(2).join("/") : file.path;
}

/** Marks the lines that were not there before. */
function freshLines(before: string, after: string): Extension {
  const known = new Set(before.split("\n"));
  const found = new RangeSetBuilder<Decoration>();
  let at = 0;
  for (const line of after.split("\n")) {
    if (!known.has(line)) found.add(at, at, Decoration.line({ class: "fresh-line" }));
    at += line.length + 1;
  }
  return EditorView.decorations.of(found.finish());
}
