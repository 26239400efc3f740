import { LSPPlugin } from "@codemirror/lsp-client";
import { type Action, type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { type EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import { EditorView, GutterMarker, gutter, keymap, showTooltip, type Tooltip } from "@codemirror/view";
import type * as lsp from "vscode-languageserver-protocol";

import { el, later, ticked } from "./dom";

const SEVERITIES = ["error", "error", "warning", "info", "hint"] as const;

/** What a message needs of the page around the editors. */
export type Around = { explain: (code: string) => void; viewOf: (uri: string) => EditorView | null };

/** Show what the server says of a file, each message with its fixes and a link to its page. */
export async function showMessages(view: EditorView, found: lsp.Diagnostic[], around: Around): Promise<void> {
  const plugin = LSPPlugin.get(view);
  if (plugin === null) return;
  const place = (position: lsp.Position) =>
    plugin.unsyncedChanges.mapPos(plugin.fromPosition(clamped(position, plugin), plugin.syncedDoc));
  const told = (fixes: lsp.CodeAction[]) =>
    found.map((one) => diagnostic(one, place(one.range.start), place(one.range.end), fixes, plugin, around));
  view.dispatch(setDiagnostics(view.state, told([])));
  const doc = view.state.doc;
  const fixes = found.length ? await actions(plugin, 0, doc.length, ["quickfix"]) : [];
  if (fixes.length && view.state.doc === doc) view.dispatch(setDiagnostics(view.state, told(fixes)));
}

function clamped(position: lsp.Position, plugin: LSPPlugin): lsp.Position {
  const line = Math.min(position.line, plugin.syncedDoc.lines - 1);
  return { line, character: Math.min(position.character, plugin.syncedDoc.line(line + 1).length) };
}

function diagnostic(
  one: lsp.Diagnostic,
  from: number,
  to: number,
  fixes: lsp.CodeAction[],
  plugin: LSPPlugin,
  around: Around,
): Diagnostic {
  const code = String(one.code ?? "");
  const own = fixes.filter((fix) => fix.diagnostics?.some((about) => isSame(about, one)));
  return {
    from,
    to,
    severity: SEVERITIES[one.severity ?? 1],
    message: textOf(one),
    markClass: one.tags?.includes(1) ? "unneeded" : "",
    renderMessage: () => message(one, code, around),
    actions: own.map((fix) => fixing(fix, plugin, around)),
  };
}

function isSame(about: lsp.Diagnostic, one: lsp.Diagnostic): boolean {
  return about.code === one.code && about.range.start.line === one.range.start.line && textOf(about) === textOf(one);
}

function textOf(one: lsp.Diagnostic): string {
  return typeof one.message === "string" ? one.message : one.message.value;
}

function message(one: lsp.Diagnostic, code: string, around: Around): HTMLElement {
  const lines = textOf(one).split("\n").map((line, number) => el("p", { class: number ? "more" : "" }, ticked(line)));
  const page = el("button", { class: "link", type: "button", click: () => around.explain(code) }, code);
  page.title = "What this message means, with examples";
  lines[0]?.append(" ", page);
  return el("div", { class: "message" }, ...lines);
}

function fixing(fix: lsp.CodeAction, plugin: LSPPlugin, around: Around): Action {
  return {
    name: fix.title.replaceAll("`", ""),
    apply: (view, from, to) => {
      void actions(plugin, from, to, ["quickfix"]).then((now) => {
        const same = now.find((one) => one.title === fix.title);
        if (same) void apply(same, plugin, around);
        view.focus();
      });
    },
  };
}

/** What the server offers to do about a part of a file. */
export async function actions(plugin: LSPPlugin, from: number, to: number, only?: string[]): Promise<lsp.CodeAction[]> {
  plugin.client.sync();
  const range = { start: plugin.toPosition(from), end: plugin.toPosition(to) };
  const context: lsp.CodeActionContext = only ? { diagnostics: [], only } : { diagnostics: [] };
  const params = { textDocument: { uri: plugin.uri }, range, context };
  const found = await plugin.client.request<object, lsp.CodeAction[] | null>("textDocument/codeAction", params);
  return (found ?? []).filter((one) => one.edit !== undefined);
}

async function apply(action: lsp.CodeAction, plugin: LSPPlugin, around: Around): Promise<void> {
  for (const [uri, edits] of Object.entries(action.edit?.changes ?? {})) {
    const view = uri === plugin.uri ? plugin.view : around.viewOf(uri);
    const there = view && LSPPlugin.get(view);
    if (!view || !there) continue;
    const changes = edits.map((edit) => ({
      from: there.fromPosition(edit.range.start),
      to: there.fromPosition(edit.range.end),
      insert: edit.newText,
    }));
    view.dispatch({ changes, userEvent: "input.fix", scrollIntoView: true });
  }
}

type Menu = { at: number; actions: lsp.CodeAction[]; isOpen: boolean };
const setMenu = StateEffect.define<Menu | null>();

/** The bulb beside a line where there is something to do, and the menu that it and Ctrl-. open. */
export function offers(around: Around): Extension {
  const menu = StateField.define<Menu | null>({
    create: () => null,
    update(value, transaction) {
      for (const effect of transaction.effects) if (effect.is(setMenu)) return effect.value;
      return transaction.docChanged ? null : value;
    },
    provide: (field) => showTooltip.from(field, (value) => (value?.isOpen ? tooltip(value, around) : null)),
  });
  const look = new WeakMap<EditorView, () => void>();
  return [
    menu,
    gutter({
      class: "bulbs",
      lineMarker: (view, line) => (isBeside(view.state.field(menu), line.from, view.state) ? bulb : null),
      lineMarkerChange: (update) => update.startState.field(menu) !== update.state.field(menu),
      domEventHandlers: { mousedown: (view) => openMenu(view) },
    }),
    keymap.of([
      { key: "Mod-.", run: openMenu, preventDefault: true },
      { key: "Alt-Enter", run: openMenu, preventDefault: true },
    ]),
    watching(menu, look),
  ];
}

const bulb = new (class extends GutterMarker {
  override toDOM(): HTMLElement {
    return el("span", { class: "bulb", title: "What can be done here (Ctrl-.)" });
  }
})();

function isBeside(menu: Menu | null, from: number, state: EditorState): boolean {
  return menu !== null && menu.at <= state.doc.length && state.doc.lineAt(menu.at).from === from;
}

function watching(menu: StateField<Menu | null>, look: WeakMap<EditorView, () => void>): Extension {
  return EditorView.updateListener.of(({ view, docChanged, selectionSet, focusChanged }) => {
    if ((!docChanged && !selectionSet && !focusChanged) || view.state.field(menu)?.isOpen) return;
    const known = look.get(view) ?? later(250, () => view.state.field(menu)?.isOpen || void refresh(view, false));
    look.set(view, known);
    known();
  });
}

async function refresh(view: EditorView, isOpen: boolean): Promise<void> {
  const plugin = LSPPlugin.get(view);
  if (plugin === null || plugin.client.serverCapabilities === null) return;
  const { from, to, head } = view.state.selection.main;
  const doc = view.state.doc;
  const found = await actions(plugin, from, to);
  if (view.state.doc !== doc || view.state.selection.main.head !== head) return;
  view.dispatch({ effects: setMenu.of(found.length ? { at: head, actions: found, isOpen } : null) });
}

function openMenu(view: EditorView): boolean {
  void refresh(view, true);
  return true;
}

function tooltip(menu: Menu, around: Around): Tooltip {
  return {
    pos: menu.at,
    above: false,
    create: (view) => {
      const close = () => {
        view.dispatch({ effects: setMenu.of({ ...menu, isOpen: false }) });
        view.focus();
      };
      const buttons = menu.actions.map((one) => el("button", { type: "button", role: "menuitem" }, ticked(one.title)));
      buttons.forEach((button, number) => {
        button.addEventListener("click", () => {
          const [plugin, chosen] = [LSPPlugin.get(view), menu.actions[number]];
          close();
          if (plugin && chosen) void apply(chosen, plugin, around);
        });
      });
      const dom = el("div", { class: "menu", role: "menu", "aria-label": "What can be done here" }, ...buttons);
      dom.addEventListener("keydown", (event) => {
        const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
        const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (step) buttons[(at + step + buttons.length) % buttons.length]?.focus();
        if (event.key === "Escape" || event.key === "Tab") close();
        if (step || event.key === "Escape" || event.key === "Tab") event.preventDefault();
      });
      return { dom, mount: () => buttons[0]?.focus() };
    },
  };
}
