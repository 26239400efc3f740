import { openLintPanel } from "@codemirror/lint";
import { LSPClient, LSPPlugin, formatDocument } from "@codemirror/lsp-client";
import { Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import type { PublishDiagnosticsParams } from "vscode-languageserver-protocol";

import { harmless, later } from "./dom";
import { reader, specEditor } from "./editor";
import { Frame } from "./frame";
import { fenced } from "./language";
import { tellMeanings } from "./meanings";
import { showMessages } from "./messages";
import { Connection, type File, type Forecast, type Listing, type Opened, type Page, Refused, type View, ask } from "./server";
import { Specs } from "./workspace";

type Tab = { uri: string; path: string; view: EditorView; isSpec: boolean; saved: string };

/** The page: editors on the left, and beside them what the server makes of their texts. */
class Playground {
  private readonly tabs = new Map<string, Tab>();
  private readonly opening = new Map<string, Promise<EditorView | null>>();
  private readonly counts = new Map<string, number[]>();
  private readonly frame: Frame;
  private readonly client: LSPClient;
  private opened: Opened | null = null;
  private isLooking = false;
  private isAsked = false;

  private readonly told = later(30, () => this.current && this.say(tellMeanings(this.current.view)));
  private readonly lookSoon = later(200, () => this.say(this.look()));

  constructor() {
    this.frame = new Frame({
      jump: (place) => void this.jump(place.uri, place.line),
      explain: (code) => this.say(this.explain(code)),
      load: async (path) => (await ask<{ text: string }>(this.client, "file", { path })).text,
      choose: (uri) => this.show(uri),
      environment: () => this.say(this.foresee()),
      save: () => this.say(this.save()),
      format: () => this.current?.isSpec && formatDocument(this.current.view),
      problems: () => this.current && openLintPanel(this.current.view),
    });
    this.client = new LSPClient({
      timeout: 60_000,
      sanitizeHTML: harmless,
      highlightLanguage: fenced,
      workspace: (client) => new Specs(client, (uri) => this.open(uri)),
      notificationHandlers: {
        "textDocument/publishDiagnostics": (_, told: PublishDiagnosticsParams) => this.published(told),
      },
    });
    addEventListener("beforeunload", (event) => {
      if (this.unsaved().length) event.preventDefault();
    });
    const connection = new Connection((isThere) => this.say(isThere ? this.connected(connection) : this.lost()));
    connection.open();
  }

  private get current(): Tab | undefined {
    return this.tabs.get(this.frame.chosen);
  }

  private async connected(connection: Connection): Promise<void> {
    this.client.connect(connection);
    await this.client.initializing;
    this.frame.say("");
    const known = this.opened;
    this.opened = await ask<Opened>(this.client, "open");
    this.frame.title(this.opened);
    if (known === null) {
      for (const file of this.opened.files) await this.open(file.uri, file.path);
      this.show(this.opened.main);
      this.current?.view.focus();
    }
    this.changed();
  }

  private async lost(): Promise<void> {
    this.client.disconnect();
    this.frame.say("The program has stopped, or cannot be reached. Your text is still here: copy it, or start " +
      "`mlopsc playground` again.");
  }

  /** The editor of a file; it is loaded where it is not open yet. */
  private open(uri: string, path?: string): Promise<EditorView | null> {
    const known = this.tabs.get(uri);
    if (known) {
      this.show(uri);
      return Promise.resolve(known.view);
    }
    const waiting = this.opening.get(uri) ?? this.load(uri, path).finally(() => this.opening.delete(uri));
    this.opening.set(uri, waiting);
    return waiting;
  }

  private async load(uri: string, path?: string): Promise<EditorView | null> {
    try {
      const { text } = await ask<{ text: string }>(this.client, "read", { uri });
      const name = path ?? decodeURIComponent(uri.split("/").at(-1) ?? uri);
      const isSpec = path !== undefined;
      const view = isSpec ? this.editor(uri, text) : reader(name, text);
      this.tabs.set(uri, { uri, path: name, view, isSpec, saved: view.state.doc.toString() });
      this.frame.add(uri, name, view.dom, isSpec);
      if (!isSpec) this.show(uri);
      return view;
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  private editor(uri: string, text: string): EditorView {
    const around = {
      explain: (code: string) => this.say(this.explain(code)),
      viewOf: (one: string) => this.tabs.get(one)?.view ?? null,
    };
    return specEditor(this.client, uri, text, around, [
      EditorView.updateListener.of((update) => {
        if (update.docChanged) this.changed();
        if (update.docChanged || update.selectionSet) this.frame.moved(this.place(uri, update.view));
      }),
      Prec.highest(keymap.of([{ key: "Mod-s", run: () => (this.say(this.save()), true), preventDefault: true }])),
    ]);
  }

  private place(uri: string, view: EditorView): { uri: string; line: number } {
    return { uri, line: view.state.doc.lineAt(view.state.selection.main.head).number };
  }

  private show(uri: string): void {
    this.frame.show(uri);
    const tab = this.current;
    if (!tab) return;
    tab.view.requestMeasure();
    this.told();
  }

  private async jump(uri: string, line: number): Promise<void> {
    const view = await this.open(uri);
    if (view === null) return;
    const at = view.state.doc.line(Math.min(line, view.state.doc.lines)).from;
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "start", yMargin: 60 }) });
    view.focus();
  }

  private changed(): void {
    this.client.sync();
    this.frame.unsaved(new Set(this.unsaved().map((tab) => tab.uri)));
    this.told();
    this.lookSoon();
  }

  private unsaved(): Tab[] {
    return [...this.tabs.values()].filter((tab) => tab.isSpec && tab.view.state.doc.toString() !== tab.saved);
  }

  private published(told: PublishDiagnosticsParams): boolean {
    const of = (severity: number) => told.diagnostics.filter((one) => (one.severity ?? 1) === severity).length;
    this.counts.set(told.uri, [of(1), of(2), of(3)]);
    const sum = (kind: number) => [...this.counts.values()].reduce((total, one) => total + (one[kind] ?? 0), 0);
    this.frame.problems(sum(0), sum(1), sum(2));
    const view = this.tabs.get(told.uri)?.view;
    const file = this.client.workspace.getFile(told.uri);
    if (view && LSPPlugin.get(view) && (told.version == null || told.version === file?.version)) {
      const explain = (code: string) => this.say(this.explain(code));
      const viewOf = (uri: string) => this.tabs.get(uri)?.view ?? null;
      this.say(showMessages(view, told.diagnostics, { explain, viewOf }));
    }
    return true;
  }

  /** Ask what the text stands for; what is asked meanwhile is asked once more afterwards. */
  private async look(): Promise<void> {
    this.isAsked = true;
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      while (this.isAsked) {
        this.isAsked = false;
        const view = await ask<View>(this.client, "view");
        await this.openNew(view.files);
        this.frame.update(view);
        if (view.errors || this.isAsked) continue;
        const [listing] = await Promise.all([ask<Listing>(this.client, "files"), this.foresee()]);
        if (!listing.broken) await this.frame.files(listing);
      }
    } finally {
      this.isLooking = false;
    }
  }

  /** What the spec uses by now has an editor too: renaming reaches into it. */
  private async openNew(files: File[]): Promise<void> {
    for (const { uri, path } of files) if (!this.tabs.has(uri)) await this.open(uri, path);
  }

  private async foresee(): Promise<void> {
    const environment = this.frame.environment;
    if (environment === "") return;
    this.frame.foreseen(environment, await ask<Forecast>(this.client, "forecast", { environment }));
  }

  private async explain(code: string): Promise<void> {
    const page = await ask<Page>(this.client, "explain", { code });
    const view = [...this.tabs.values()].find((tab) => tab.isSpec)?.view;
    const plugin = view && LSPPlugin.get(view);
    if (plugin) this.frame.page(page.code, page.title, plugin.docToHTML({ kind: "markdown", value: page.text }));
  }

  private async save(): Promise<void> {
    const isCopy = this.opened?.scratch ?? false;
    const tabs = isCopy ? [...this.tabs.values()].filter((tab) => tab.isSpec) : this.unsaved();
    if (tabs.length === 0) return;
    const files = tabs.map((tab) => ({ uri: tab.uri, text: tab.view.state.doc.toString() }));
    const { path } = await ask<{ path: string }>(this.client, "save", { files });
    tabs.forEach((tab, number) => (tab.saved = files[number]?.text ?? ""));
    this.frame.unsaved(new Set(this.unsaved().map((tab) => tab.uri)));
    this.frame.say("", `Saved ${path}`);
    if (isCopy) location.reload();
    else this.client.notification("textDocument/didSave", { textDocument: { uri: tabs[0]?.uri } });
  }

  private say(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.failed(error));
  }

  private failed(error: unknown): void {
    if (error instanceof Refused) {
      this.frame.say(error.hint ? `${error.message}: ${error.hint}` : error.message);
    } else {
      console.error(error);
    }
  }
}

new Playground();
