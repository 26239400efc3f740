import { el } from "./dom";
import type { Environment, Place } from "./server";

/** The drawing of an environment: a stage leads to its line, and what has just changed lights up. */
export class Graph {
  readonly dom = el("div", { class: "graph" });
  private readonly drawing = el("div", { class: "drawing" });
  private readonly size = el("button", { type: "button", class: "quiet small", "aria-pressed": "false" }, "Actual size");
  private readonly sheet = new CSSStyleSheet();
  private before = new Map<string, string>();
  private environment: Environment | null = null;

  constructor(private readonly jump: (place: Place) => void) {
    document.adoptedStyleSheets.push(this.sheet);
    this.size.addEventListener("click", () => {
      const isActual = this.drawing.classList.toggle("actual");
      this.size.setAttribute("aria-pressed", String(isActual));
    });
    this.drawing.addEventListener("click", (event) => this.clicked(event));
    this.drawing.addEventListener("mouseover", (event) => this.near(stageAt(event)));
    this.drawing.addEventListener("mouseleave", () => this.near(null));
    this.drawing.addEventListener("focusin", (event) => this.near(stageAt(event)));
    this.drawing.addEventListener("focusout", () => this.near(null));
    this.dom.append(this.drawing, el("div", { class: "corner" }, this.size));
  }

  /** Draw an environment; `isOther` where another one was drawn before, of which nothing is compared. */
  update(environment: Environment, isOther: boolean): void {
    this.environment = environment;
    // the policy of the page lets no style in that stands in a document
    const [before = "", style = "", after = ""] = environment.svg.split(/<style>([^]*?)<\/style>/);
    const parsed = new DOMParser().parseFromString(before + after, "image/svg+xml");
    const svg = document.importNode(parsed.documentElement, true);
    this.sheet.replaceSync(`.drawing { ${style} }`);
    const [width, height] = [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))];
    this.drawing.style.setProperty("--width", `${width}px`);
    this.drawing.style.setProperty("--ratio", String(width / Math.max(1, height)));
    this.drawing.replaceChildren(svg);
    const now = new Map<string, string>();
    for (const box of svg.querySelectorAll<SVGGElement>("[data-stage]")) {
      const name = box.dataset["stage"] ?? "";
      now.set(name, box.textContent ?? "");
      const isNew = !isOther && this.before.size > 0 && this.before.get(name) !== now.get(name);
      box.classList.toggle("fresh", isNew);
    }
    this.before = now;
  }

  /** Mark the stage that the cursor is in. */
  mark(name: string | null): void {
    for (const box of this.drawing.querySelectorAll<SVGGElement>("[data-stage]")) {
      const isHere = box.dataset["stage"] === name;
      if (isHere && !box.classList.contains("here")) this.bring(box);
      box.classList.toggle("here", isHere);
    }
  }

  /** Scroll a stage into sight, and nothing but the drawing. */
  private bring(box: Element): void {
    const [own, whole] = [box.getBoundingClientRect(), this.drawing.getBoundingClientRect()];
    const by = (from: number, to: number, low: number, high: number) => (from < low ? from - low : Math.max(0, to - high));
    this.drawing.scrollBy({
      left: by(own.left, own.right, whole.left, whole.right),
      top: by(own.top, own.bottom, whole.top, whole.bottom),
    });
  }

  private clicked(event: Event): void {
    const name = stageAt(event);
    if (name === null) return;
    event.preventDefault();
    const stage = this.environment?.stages.find((one) => one.name === name);
    if (stage) this.jump(stage.at);
  }

  private near(name: string | null): void {
    this.drawing.classList.toggle("chosen", name !== null);
    if (name === null) return;
    const edges = [...this.drawing.querySelectorAll<SVGPathElement>(".edge")];
    const reach = (from: string, to: string) => {
      const found = new Set([name]);
      for (const one of found) {
        for (const edge of edges) if (edge.dataset[from] === one) found.add(edge.dataset[to] ?? "");
      }
      return found;
    };
    const [after, ahead] = [reach("from", "to"), reach("to", "from")];
    const isIn = (set: Set<string>, edge: SVGPathElement) =>
      set.has(edge.dataset["from"] ?? "") && set.has(edge.dataset["to"] ?? "");
    for (const edge of edges) edge.classList.toggle("near", isIn(after, edge) || isIn(ahead, edge));
    for (const box of this.drawing.querySelectorAll<SVGGElement>("[data-stage]")) {
      const own = box.dataset["stage"] ?? "";
      box.classList.toggle("near", after.has(own) || ahead.has(own));
    }
  }
}

function stageAt(event: Event): string | null {
  const target = event.target as Element;
  const box = target.closest<SVGGElement>("[data-stage]") ?? target.querySelector<SVGGElement>("a > [data-stage]");
  return target.closest("a") ? (box?.dataset["stage"] ?? null) : null;
}
