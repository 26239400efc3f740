// Asks Mermaid's own parser about texts: `mermaid.mjs FILE`, a JSON list, prints for each its kind, or what is wrong.
import { readFileSync } from "node:fs";
import mermaid from "mermaid";

const said = [];
for (const text of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  try {
    said.push((await mermaid.parse(text)).diagramType);
  } catch (error) {
    said.push(`wrong: ${error.message}`);
  }
}
console.log(JSON.stringify(said));
