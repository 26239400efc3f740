type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

/** An element with attributes (functions listen to events) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      made.addEventListener(name, value);
    } else if (value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.filter((one): one is Node | string => one !== null && one !== undefined && one !== false));
  return made;
}

/** Text in which `ticks` mark code. */
export function ticked(text: string): DocumentFragment {
  const found = document.createDocumentFragment();
  text.split(/`([^`]+)`/).forEach((part, number) => found.append(number % 2 ? el("code", {}, part) : part));
  return found;
}

/** Call once, when nothing was asked for a while. */
export function later(milliseconds: number, work: () => unknown): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(work, milliseconds);
  };
}

/** "1 line", "2 lines". */
export function counted(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

const ALLOWED = new Set(["A", "B", "BR", "CODE", "DEL", "EM", "H1", "H2", "H3", "H4", "HR", "LI", "OL", "P", "PRE",
  "SPAN", "STRONG", "TABLE", "TBODY", "TD", "TH", "THEAD", "TR", "UL"]);

/** HTML without anything but text and its layout: what a spec says reaches hovers, and specs come from anywhere. */
export function harmless(html: string): string {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const one of [...parsed.body.querySelectorAll("*")]) {
    if (!ALLOWED.has(one.tagName)) {
      one.replaceWith(parsed.createTextNode(one.textContent ?? ""));
      continue;
    }
    for (const { name, value } of [...one.attributes]) {
      const keeps = name === "class" || (name === "href" && /^(https?:|#)/.test(value));
      if (!keeps) one.removeAttribute(name);
    }
    if (one.tagName === "A") one.setAttribute("rel", "noreferrer noopener");
    if (one.tagName === "A") one.setAttribute("target", "_blank");
  }
  return parsed.body.innerHTML;
}
