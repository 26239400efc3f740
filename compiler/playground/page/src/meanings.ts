import { LSPPlugin } from "@codemirror/lsp-client";
import { type Extension, type Range, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { InlayHint, SemanticTokens, SemanticTokensOptions } from "vscode-languageserver-protocol";

const setTokens = StateEffect.define<DecorationSet>();
const setHints = StateEffect.define<DecorationSet>();

function field(effect: typeof setTokens): StateField<DecorationSet> {
  return StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(value, transaction) {
      const found = transaction.effects.find((one) => one.is(effect));
      return found ? (found.value as DecorationSet) : value.map(transaction.changes);
    },
    provide: (one) => EditorView.decorations.from(one),
  });
}

class Hint extends WidgetType {
  constructor(private readonly label: string, private readonly told: string) {
    super();
  }

  override eq(other: Hint): boolean {
    return other.label === this.label && other.told === this.told;
  }

  toDOM(): HTMLElement {
    const made = document.createElement("span");
    made.className = "hint";
    made.textContent = this.label;
    made.title = this.told;
    return made;
  }
}

/** What names mean, and what follows from them and is not written. */
export const meanings: Extension = [field(setTokens), field(setHints)];

/** Ask the server for both again, for the text as it is now; what comes too late is left out. */
export async function tellMeanings(view: EditorView): Promise<void> {
  const plugin = LSPPlugin.get(view);
  if (plugin === null || plugin.client.serverCapabilities === null) return;
  plugin.client.sync();
  const doc = view.state.doc;
  const textDocument = { uri: plugin.uri };
  const range = { start: { line: 0, character: 0 }, end: plugin.toPosition(doc.length) };
  const [tokens, hints] = await Promise.all([
    plugin.client.request<object, SemanticTokens | null>("textDocument/semanticTokens/full", { textDocument }),
    plugin.client.request<object, InlayHint[] | null>("textDocument/inlayHint", { textDocument, range }),
  ]);
  if (view.state.doc !== doc) return;
  const provider = plugin.client.serverCapabilities.semanticTokensProvider as SemanticTokensOptions;
  view.dispatch({
    effects: [
      setTokens.of(Decoration.set(marks(tokens?.data ?? [], provider.legend.tokenTypes, view), true)),
      setHints.of(Decoration.set((hints ?? []).map((one) => widget(one, plugin)), true)),
    ],
  });
}

function marks(data: number[], types: string[], view: EditorView): Range<Decoration>[] {
  const found = [];
  let line = 0;
  let column = 0;
  for (let at = 0; at + 4 < data.length; at += 5) {
    const [down = 0, across = 0, length = 0, type = 0] = data.slice(at, at + 5);
    column = down ? across : column + across;
    line += down;
    if (line >= view.state.doc.lines) break;
    const from = view.state.doc.line(line + 1).from + column;
    if (length > 0) found.push(Decoration.mark({ class: `is-${types[type]}` }).range(from, from + length));
  }
  return found;
}

function widget(hint: InlayHint, plugin: LSPPlugin): Range<Decoration> {
  const label = typeof hint.label === "string" ? hint.label : hint.label.map((part) => part.value).join("");
  const told = typeof hint.tooltip === "string" ? hint.tooltip : (hint.tooltip?.value ?? "");
  return Decoration.widget({ widget: new Hint(label, told), side: 1 }).range(plugin.fromPosition(hint.position));
}
