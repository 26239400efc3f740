// Prints what VS Code's own engine makes of each text: [[start, end, scopes], …], offsets counted over the whole text.
// arguments: the folder of node_modules, the grammar, a JSON file with the texts
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const [folder, grammar, texts] = process.argv.slice(2);
const load = createRequire(join(folder, "package.json"));
const { INITIAL, Registry, parseRawGrammar } = load("vscode-textmate");
const { createOnigScanner, createOnigString, loadWASM } = load("vscode-oniguruma");

async function main() {
  await loadWASM(readFileSync(load.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: async () => parseRawGrammar(readFileSync(grammar, "utf-8"), grammar),
  });
  const loaded = await registry.loadGrammar("source.mlops");
  const found = JSON.parse(readFileSync(texts, "utf-8")).map((text) => {
    const tokens = [];
    let [stack, at] = [INITIAL, 0];
    for (const written of text.split("\n")) {
      const line = written.replace(/\r$/, ""); // as VS Code splits a text
      const result = loaded.tokenizeLine(line, stack);
      stack = result.ruleStack;
      for (const one of result.tokens) {
        tokens.push([at + one.startIndex, Math.min(at + one.endIndex, at + line.length), one.scopes.slice(1)]);
      }
      at += written.length + 1;
    }
    return tokens;
  });
  console.log(JSON.stringify(found));
}

main();
