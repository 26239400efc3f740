import { el, ticked } from "./dom";
import type { Place, Score, Standing } from "./server";

/** How far the spec follows the seven principles: the lines that earn it, and what is missing. */
export class Principles {
  readonly dom = el("div", { class: "score scrolls" });
  private isOpen = new Set<number>();

  constructor(
    private readonly jump: (place: Place) => void,
    private readonly explain: (code: string) => void,
  ) {}

  update(score: Score): void {
    const total = el(
      "p",
      { class: "total" },
      el("b", {}, `${score.earned}`),
      ` of ${score.total} rules of the seven principles`,
      meter(score.earned, score.total),
    );
    this.dom.replaceChildren(total, ...score.principles.map((one) => this.principle(one)));
  }

  private principle(one: Score["principles"][number]): HTMLElement {
    const isWhole = one.earned === one.total;
    const rules = one.rules.flatMap((rule) => this.standing(rule));
    const head = el(
      "summary",
      {},
      el("span", { class: "number" }, `${one.principle}`),
      el("span", { class: "what" }, one.text),
      el("span", { class: `share ${isWhole ? "good" : "short"}` }, `${one.earned} of ${one.total}`),
      meter(one.earned, one.total),
    );
    const made = el("details", {}, head, el("ul", { class: "standings" }, ...rules));
    made.open = !isWhole || this.isOpen.has(one.principle);
    made.addEventListener("toggle", () => {
      if (made.open) this.isOpen.add(one.principle);
      else this.isOpen.delete(one.principle);
    });
    return made;
  }

  private standing(rule: Standing): HTMLElement[] {
    if (rule.state === "aside") return [el("li", { class: "aside" }, ticked(`${rule.text}: set aside, ${rule.reason}`))];
    const places = rule.lines.filter((one) => one.file.startsWith("file:") && one.file.endsWith(".mlops"));
    const links = places.slice(0, 6).map((one) => this.link(`line ${one.line}`, { uri: one.file, line: one.line }));
    const earned = rule.state === "earned" ? [el("li", { class: "earned" }, ticked(rule.text), " ", ...links)] : [];
    const missing = rule.missing.map((one) =>
      el(
        "li",
        { class: "missing" },
        ticked(one.message),
        " ",
        this.link(`line ${one.line}`, { uri: one.file, line: one.line }),
        el("button", { type: "button", class: "link", click: () => this.explain(rule.code) }, rule.title),
        one.hint ? el("p", { class: "quiet" }, ticked(one.hint)) : "",
      ),
    );
    return [...earned, ...missing];
  }

  private link(text: string, place: Place): HTMLElement {
    return el("button", { type: "button", class: "link", click: () => this.jump(place) }, text);
  }
}

function meter(value: number, max: number): HTMLElement {
  return el("meter", { value: String(value), max: String(Math.max(1, max)), "aria-label": `${value} of ${max}` });
}
