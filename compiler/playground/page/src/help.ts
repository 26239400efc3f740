import { el } from "./dom";

const KEYS: [string, string][] = [
  ["Ctrl Space", "what could stand here"],
  ["Ctrl .", "what can be done here: fixes and more"],
  ["F8", "next message"],
  ["Ctrl Shift M", "all messages"],
  ["F12", "where this name is from; also Ctrl and a click"],
  ["Shift F12", "where it is used"],
  ["F2", "rename it everywhere"],
  ["Shift Alt F", "format"],
  ["Ctrl Shift Space", "what this call takes"],
  ["Ctrl S", "save"],
  ["Esc, then Tab", "leave the editor"],
  ["Alt 1 … Alt 5", "Graph, Plan, Files, Principles, Help"],
];

/** The page of a message, and before one was asked for, the keys. */
export class Help {
  readonly dom = el("div", { class: "help scrolls" });

  constructor() {
    this.keys();
  }

  /** Show the page of a message; `html` is harmless. */
  page(code: string, title: string, html: string): void {
    const body = el("div", { class: "prose" });
    body.innerHTML = html;
    const back = el("button", { type: "button", class: "link", click: () => this.keys() }, "Keys");
    this.dom.replaceChildren(el("h2", {}, el("code", {}, code), " ", title), body, el("p", {}, back));
    this.dom.scrollTop = 0;
  }

  private keys(): void {
    const isMac = navigator.platform.startsWith("Mac");
    const rows = KEYS.map(([keys, told]) =>
      el("tr", {}, el("th", {}, el("kbd", {}, isMac ? keys.replace("Ctrl", "⌘") : keys)), el("td", {}, told)),
    );
    this.dom.replaceChildren(
      el("h2", {}, "What you can do here"),
      el("p", {}, "Write the spec on the left. Everything on the right follows, as you type. Hover a word to see what it " +
        "means, and a squiggle to see what is wrong; the code in a message leads to its page. Nothing on disk " +
        "changes before you save."),
      el("table", {}, ...rows),
    );
  }
}
