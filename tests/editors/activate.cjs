// Activates the extension as VS Code would, with a stand-in for its API, and prints what came of it.
// arguments: the bundle, the folder that is open, the setting `mlops.server.path`, whether the folder is trusted
const Module = require("node:module");
const [bundle, folder, setting, trusted] = process.argv.slice(2);
const said = { messages: [], commands: [], spawned: [], running: false };

const disposable = () => ({ dispose() {} });
class Emitter {
  event = disposable;
  fire() {}
  dispose() {}
}

// Everything of the API that the client only hands on: a class to extend, a function to call, a thing to ask.
function anything() {
  return new Proxy(class {}, {
    get: (target, name) => {
      if (name === "prototype") return target.prototype;
      if (typeof name === "symbol" || name === "then") return undefined;
      return (target[name] ??= /^on(Did|Will)/.test(name) ? disposable : anything());
    },
    apply: () => disposable(),
    construct: () => ({ ...disposable(), value: "" }),
  });
}

const api = (own) => new Proxy(own, { get: (target, name) => (name in target ? target[name] : (target[name] = name === "then" ? undefined : /^on(Did|Will)/.test(String(name)) ? disposable : anything())) });
const channel = { append() {}, appendLine() {}, replace() {}, clear() {}, show() {}, hide() {}, dispose() {}, onDidChangeLogLevel: disposable, logLevel: 0, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const kind = (value) => ({ value, append: (more) => kind(value ? `${value}.${more}` : more), contains: () => true });
const uri = (path) => ({ scheme: "file", fsPath: path, path, toString: () => `file://${path}` });
const vscode = api({
  version: "1.91.0",
  EventEmitter: Emitter,
  CodeActionKind: { Empty: kind(""), QuickFix: kind("quickfix"), Source: kind("source"), Refactor: kind("refactor") },
  env: api({ language: "en", appName: "stand-in" }),
  commands: api({ registerCommand: (name) => (said.commands.push(name), disposable()) }),
  window: api({
    createOutputChannel: () => channel,
    showErrorMessage: async (text) => void said.messages.push(text),
    tabGroups: api({ all: [], onDidChangeTabs: disposable }),
    visibleTextEditors: [],
    visibleNotebookEditors: [],
    activeTextEditor: undefined,
  }),
  workspace: api({
    isTrusted: trusted !== "untrusted",
    workspaceFolders: [{ uri: uri(folder), name: "folder", index: 0 }],
    textDocuments: [],
    notebookDocuments: [],
    getConfiguration: () => ({ get: (name, other) => (name === "server.path" ? setting : other), inspect() {} }),
    createFileSystemWatcher: () => ({ onDidCreate: disposable, onDidChange: disposable, onDidDelete: disposable, dispose() {} }),
  }),
  languages: api({
    createDiagnosticCollection: () => ({ set() {}, delete() {}, clear() {}, dispose() {}, forEach() {} }),
    match: () => 0,
  }),
  Uri: { file: uri, parse: (text) => uri(text.replace("file://", "")) },
});

const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
const processes = require("node:child_process");
const spawn = processes.spawn;
processes.spawn = (program, given, options) => {
  said.spawned.push([program, given, options.cwd]);
  return spawn(program, given, options);
};

const extension = require(bundle);
const context = { subscriptions: [] };
const done = (code) => {
  console.log(JSON.stringify(said));
  process.exit(code);
};
extension.activate(context).then(async () => {
  said.running = said.spawned.length > 0 && said.messages.length === 0;
  await extension.deactivate();
  done(0);
}).catch((error) => {
  console.error(error);
  done(1);
});
