import { RLMFlow } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { socketRuntime } from "./socket-runtime.ts";

// What a model would write. Any client of rlmflow may stand here.
const client = scriptedClient(["```repl\nawait done(CONTEXT.lines().length);\n```"]);

await using flow = new RLMFlow({ client, runtime: socketRuntime({ server: { path: "sandbox.sock" } }) });
const { answer } = await flow.run("How many lines?", { context: "a\nb\nc" });
console.log(answer);
