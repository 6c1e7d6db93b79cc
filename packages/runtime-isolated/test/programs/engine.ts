// An engine in a process of its own: opens a REPL, runs the block it is given, says which processes it has.
import { isolatedRuntime } from "../../src/index.ts";

const [code = "1"] = process.argv.slice(2);
const runtime = isolatedRuntime();
const session = await runtime.open({
  agentId: "root",
  group: "run",
  depth: 0,
  maxDepth: 1,
  seed: "seed",
  contexts: [],
  globals: {},
  functions: [],
  alone: false,
});
process.stdout.write("open\n");
const activation = await session.start({ id: "root#1", code, now: 0 });
process.stdout.write(`${JSON.stringify(activation.state)}\n`);
