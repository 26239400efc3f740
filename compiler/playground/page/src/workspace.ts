import { LSPPlugin, Workspace, type LSPClient, type WorkspaceFile } from "@codemirror/lsp-client";
import type { ChangeSet, Text } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";

type Opened = WorkspaceFile & { view: EditorView };

/** The files of the spec, each in an editor of its own, of which one is shown. */
export class Specs extends Workspace {
  files: Opened[] = [];
  private versions = new Map<string, number>();

  constructor(client: LSPClient, private readonly show: (uri: string) => Promise<EditorView | null>) {
    super(client);
  }

  syncFiles(): { file: WorkspaceFile; prevDoc: Text; changes: ChangeSet }[] {
    const found = [];
    for (const file of this.files) {
      const plugin = LSPPlugin.get(file.view);
      if (plugin === null || plugin.unsyncedChanges.empty) continue;
      found.push({ file, prevDoc: file.doc, changes: plugin.unsyncedChanges });
      file.doc = file.view.state.doc;
      file.version = this.next(file.uri);
      plugin.clear();
    }
    return found;
  }

  openFile(uri: string, languageId: string, view: EditorView): void {
    const file = { uri, languageId, version: this.next(uri), doc: view.state.doc, view, getView: () => view };
    this.files.push(file);
    this.client.didOpen(file);
  }

  closeFile(uri: string): void {
    this.files = this.files.filter((file) => file.uri !== uri);
    this.client.didClose(uri);
  }

  override connected(): void {
    for (const file of this.files) {
      file.doc = file.view.state.doc;
      LSPPlugin.get(file.view)?.clear();
    }
    super.connected();
  }

  override displayFile(uri: string): Promise<EditorView | null> {
    return this.show(uri);
  }

  private next(uri: string): number {
    const found = (this.versions.get(uri) ?? -1) + 1;
    this.versions.set(uri, found);
    return found;
  }
}
