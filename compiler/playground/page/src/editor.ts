import {
  autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap, selectedCompletion, startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import {
  type LSPClient, findReferencesKeymap, formatKeymap, hoverTooltips, jumpToDefinition, jumpToDefinitionKeymap, renameKeymap,
  serverCompletion, signatureHelp,
} from "@codemirror/lsp-client";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  EditorView, drawSelection, dropCursor, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap,
  lineNumbers,
} from "@codemirror/view";

import { colours, languageOf, spec } from "./language";
import { meanings } from "./meanings";
import { type Around, offers } from "./messages";

const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = new Compartment();
const shown = new Set<WeakRef<EditorView>>();
dark.addEventListener("change", () => {
  for (const one of shown) one.deref()?.dispatch({ effects: theme.reconfigure(EditorView.darkTheme.of(dark.matches)) });
});

const nonce = document.querySelector<HTMLMetaElement>("meta[name=style-nonce]")?.content ?? "";

const look: Extension = [
  EditorView.cspNonce.of(nonce),
  theme.of(EditorView.darkTheme.of(dark.matches)),
  EditorView.theme({
    "&": { height: "100%", backgroundColor: "var(--page)", color: "var(--text)", fontSize: "13.5px" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
    ".cm-content": { caretColor: "var(--text)", paddingBottom: "40vh" },
    ".cm-gutters": { backgroundColor: "var(--page)", color: "var(--faint)", border: "none" },
    ".cm-activeLine": { backgroundColor: "var(--line-here)" },
    ".cm-activeLineGutter": { backgroundColor: "var(--line-here)", color: "var(--quiet)" },
    "&.cm-focused": { outline: "none" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      background: "var(--selected) !important",
    },
    ".cm-cursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
    ".cm-matchingBracket": { backgroundColor: "var(--selected) !important", color: "inherit !important" },
    ".cm-selectionMatch": { backgroundColor: "var(--match)" },
    ".cm-tooltip": {
      backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "8px",
      boxShadow: "0 6px 24px var(--shadow)",
    },
    ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--text)" },
    ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
    ".cm-foldPlaceholder": { background: "var(--panel)", border: "1px solid var(--line)", color: "var(--quiet)" },
  }),
  colours,
];

const common: Extension = [
  look,
  lineNumbers(),
  highlightSpecialChars(),
  drawSelection(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  bracketMatching(),
  search({ top: true }),
];

/** An editor of a file of the spec, that speaks to the server. */
export function specEditor(client: LSPClient, uri: string, text: string, around: Around, extra: Extension): EditorView {
  const extensions = [
    common,
    history(),
    foldGutter({ openText: "▾", closedText: "▸" }),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    EditorState.tabSize.of(2),
    indentOnInput(),
    closeBrackets(),
    autocompletion({ icons: false, activateOnTypingDelay: 60, maxRenderedOptions: 200 }),
    highlightSelectionMatches({ minSelectionLength: 3 }),
    lintGutter(),
    offers(around),
    spec,
    meanings,
    client.plugin(uri, "mlops"),
    serverCompletion(),
    hoverTooltips({ hoverTime: 250 }),
    signatureHelp(),
    following(),
    Prec.high(keymap.of([...formatKeymap, ...renameKeymap, ...jumpToDefinitionKeymap, ...findReferencesKeymap])),
    Prec.highest(keymap.of([{ key: "Enter", run: leaveWhole }])),
    keymap.of([
      { key: "Ctrl-Space", run: startCompletion },
      ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap,
      ...lintKeymap, indentWithTab,
    ]),
    EditorView.contentAttributes.of({ "aria-label": `${decodeURIComponent(uri.split("/").at(-1) ?? "")}, a spec` }),
    extra,
  ];
  return kept(new EditorView({ state: EditorState.create({ doc: text, extensions }) }));
}

/** An editor in which a file is looked at. */
export function reader(path: string, text: string, extra: Extension = []): EditorView {
  const extensions = [
    common,
    foldGutter({ openText: "▾", closedText: "▸" }),
    languageOf(path),
    EditorState.readOnly.of(true),
    keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap]),
    EditorView.contentAttributes.of({ "aria-label": `${path}, to read`, tabindex: "0" }),
    extra,
  ];
  return kept(new EditorView({ state: EditorState.create({ doc: text, extensions }) }));
}

function kept(view: EditorView): EditorView {
  shown.add(new WeakRef(view));
  return view;
}

/** Enter behind a word that is typed as a whole begins a line, and does not complete it once more. */
function leaveWhole(view: EditorView): boolean {
  const offered = selectedCompletion(view.state)?.label;
  const { head } = view.state.selection.main;
  if (offered && view.state.sliceDoc(head - offered.length, head) === offered) closeCompletion(view);
  return false;
}

/** Ctrl and a click lead to where a name is from. */
function following(): Extension {
  return EditorView.domEventHandlers({
    mousedown: (event, view) => {
      const at = event.ctrlKey || event.metaKey ? view.posAtCoords({ x: event.clientX, y: event.clientY }) : null;
      if (at === null) return false;
      view.dispatch({ selection: { anchor: at } });
      return jumpToDefinition(view);
    },
  });
}
