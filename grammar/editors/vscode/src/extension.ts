import { commands, window, workspace, type ExtensionContext } from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { isThere, programOf } from "./program";

let client: LanguageClient | undefined;

/** Start the server once the folder is trusted, and again when it is asked for or another program is set. */
export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("mlops.restart", restart),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("mlops.server.path")) {
        void restart();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(() => void restart()),
  );
  await start();
}

/** Stop the server. */
export async function deactivate(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart(): Promise<void> {
  try {
    await deactivate();
  } catch {
    // one that never started, or has crashed, cannot be stopped; a new one is wanted all the same
  }
  await start();
}

async function start(): Promise<void> {
  if (!workspace.isTrusted) {
    return;
  }
  const folders = (workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const program = programOf(workspace.getConfiguration("mlops").get("server.path", ""), folders);
  if (!isThere(program)) {
    await tell(`There is no \`${program}\`, whose language server this needs.`);
    return;
  }
  const server: ServerOptions = { command: program, args: ["lsp"], options: folders[0] ? { cwd: folders[0] } : {} };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "mlops" },
      { scheme: "untitled", language: "mlops" },
    ],
  };
  client = new LanguageClient("mlops", "MLOps", server, options);
  try {
    await client.start();
  } catch {
    client = undefined;
    await tell(`\`${program} lsp\` does not start; the output "MLOps" says why.`);
  }
}

async function tell(fact: string): Promise<void> {
  const set = "Set the program";
  const chosen = await window.showErrorMessage(`${fact} Install it with: pip install "mlopsc[editor]"`, set);
  if (chosen === set) {
    await commands.executeCommand("workbench.action.openSettings", "mlops.server.path");
  }
}
