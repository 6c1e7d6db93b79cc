// A server program that is none of a sandbox: a block is the body of an async function that has all of Node.
// What it returns is the output, as JSON.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const AsyncFunction = (async () => {}).constructor;
const say = (frame) => process.stdout.write(`${JSON.stringify(frame)}\n`);
const nothing = { variables: [], reads: [], unawaited: [] };

async function run(code) {
  try {
    return JSON.stringify(await new AsyncFunction("require", code)(require)) ?? "undefined";
  } catch (error) {
    return `${error.code ?? error.name}: ${error.message}`;
  }
}

say({ type: "hello", protocol: 1, engine: "open" });
for await (const line of createInterface({ input: process.stdin })) {
  const frame = JSON.parse(line);
  if (frame.type === "dispose") break;
  if (frame.type === "open") say({ type: "opened" });
  if (frame.type !== "start") continue;
  const output = await run(JSON.parse(frame.block));
  const activation = { calls: [], output, codeMs: 0, state: { kind: "ended", echo: null, ...nothing } };
  say({ type: "activation", entry: frame.entry, activation: JSON.stringify(activation) });
}
process.exit(0);
