// Asks GitHub's language service about workflows: `service.mjs INPUTS FILE...` prints [[file, message], ...].
// INPUTS stands for the `action.yml` of each action, which the service would fetch.
import { readFileSync } from "node:fs";
import { validate } from "@actions/languageservice";
import { TextDocument } from "vscode-languageserver-textdocument";

const WARNING = 2;
const [table, ...files] = process.argv.slice(2);
const known = JSON.parse(readFileSync(table, "utf8"));

const actionsMetadataProvider = {
  async fetchActionMetadata({ owner, name, path }) {
    const found = known[[owner, name, path].filter(Boolean).join("/")];
    if (!found) return undefined;
    const inputs = Object.fromEntries(
      Object.entries(found.inputs).map(([input, need]) => [input, { description: input, required: need === "required" }]),
    );
    return { name, description: name, inputs };
  },
};

const said = [];
for (const file of files) {
  const document = TextDocument.create(`file://${file}`, "yaml", 1, readFileSync(file, "utf8"));
  for (const one of await validate(document, { actionsMetadataProvider })) {
    if ((one.severity ?? 1) <= WARNING) said.push([file, one.message]);
  }
}
console.log(JSON.stringify(said));
