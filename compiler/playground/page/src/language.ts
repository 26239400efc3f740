import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, type Language, StreamLanguage, foldService, indentService, syntaxHighlighting } from "@codemirror/language";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import type { EditorState, Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";

import words from "../../../../grammar/editors/words.json";

const known = {
  keyword: new Set([...words.kinds, ...words.verbs]),
  clause: new Set([...words.clauses, ...words.operators]),
  literal: new Set(words.literals),
  type: new Set(words.types),
  func: new Set(words.functions),
  setting: new Set(words.settings),
};

/** Colours before the server has told what each name means, and in texts that it never sees. */
export const mlops = StreamLanguage.define({
  name: "mlops",
  startState: () => ({ isTyped: false }),
  token(stream, state) {
    if (stream.sol()) state.isTyped = false;
    if (stream.eatSpace()) return null;
    if (stream.match(/#.*/)) return "comment";
    if (stream.match(/"(?:[^"\\]|\\.)*"?/) || stream.match(/'[^']*'?/)) return "string";
    if (stream.match(/`[^`]*`?/)) return "variableName";
    if (stream.match(/\d{4}-\d\d-\d\d\S*/) || stream.match(/\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?(?:%|[^\W\d]\w*)?/)) return "number";
    const word = stream.match(/[^\W\d]\w*/) as RegExpMatchArray | null;
    if (word === null) {
      state.isTyped = stream.next() === ":" || (state.isTyped && !stream.eol());
      return null;
    }
    const name = word[0];
    const before = stream.string.slice(0, stream.start).trim();
    if (before === "" && known.keyword.has(name)) return "keyword";
    if (before === "" && known.setting.has(name)) return "propertyName";
    if (state.isTyped && known.type.has(name)) return "typeName";
    if (known.literal.has(name)) return "bool";
    if (stream.match(/\s*\(/, false) && known.func.has(name)) return "function";
    if (before !== "" && known.clause.has(name)) return "operatorKeyword";
    return "variableName";
  },
  tokenTable: { function: tags.function(tags.variableName), operatorKeyword: tags.operatorKeyword },
  languageData: {
    commentTokens: { line: "#" },
    closeBrackets: { brackets: ["(", "[", "{", '"', "`"] },
    indentOnInput: /^\s*\}$/,
  },
});

/** How deep the braces and brackets before a place are nested. */
function depth(state: EditorState, end: number): number {
  const text = state.sliceDoc(0, end).replace(/"(?:[^"\\\n]|\\.)*"|#.*/g, "");
  let found = 0;
  for (const sign of text) found += "{[(".includes(sign) ? 1 : "}])".includes(sign) ? -1 : 0;
  return Math.max(0, found);
}

const indents = indentService.of((context, at) => {
  const line = context.lineAt(at);
  const closes = /^\s*[})\]]/.test(line.text) ? 1 : 0;
  return 2 * Math.max(0, depth(context.state, line.from) - closes);
});

const folds = foldService.of((state, start, end) => {
  if (!/\{\s*(#.*)?$/.test(state.sliceDoc(start, end))) return null;
  const outer = depth(state, start);
  for (let number = state.doc.lineAt(end).number + 1; number <= state.doc.lines; number++) {
    const line = state.doc.line(number);
    if (/^\s*\}/.test(line.text) && depth(state, line.from) === outer + 1) {
      return { from: end, to: line.from + line.text.indexOf("}") };
    }
  }
  return null;
});

/** What an editor of specs knows without a server. */
export const spec: Extension = [mlops, indents, folds];

/** The language of a file that a build writes, by its name. */
export function languageOf(path: string): Extension {
  if (path.endsWith(".mlops")) return mlops;
  if (path.endsWith(".py")) return python();
  if (path.endsWith(".json")) return json();
  if (/\.ya?ml$/.test(path)) return yaml();
  if (path.endsWith("Dockerfile")) return StreamLanguage.define(dockerFile);
  return [];
}

/** The language of a fence in documentation. */
export function fenced(name: string): Language | null {
  return name === "mlops" ? mlops : name === "python" ? python().language : null;
}

const colour = (name: string) => `var(--code-${name})`;

export const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.comment, color: colour("comment"), fontStyle: "italic" },
    { tag: [tags.string, tags.special(tags.string)], color: colour("string") },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: colour("number") },
    { tag: [tags.keyword, tags.moduleKeyword, tags.controlKeyword], color: colour("keyword"), fontWeight: "600" },
    { tag: [tags.operatorKeyword, tags.modifier], color: colour("keyword") },
    { tag: [tags.propertyName, tags.attributeName], color: colour("property") },
    { tag: [tags.typeName, tags.className, tags.namespace], color: colour("type") },
    { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: colour("function") },
    { tag: tags.heading, fontWeight: "600" },
    { tag: tags.link, color: "var(--link)" },
  ]),
);
