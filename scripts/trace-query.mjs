// Runs one query from the sources and counts how it moves through the files of core, workspace and clients. The
// query takes two replies; they come from a server on the loopback that speaks Chat Completions. The workspace is
// on disk, the runtime is the local one. The figures are the same each time.
//
//   node scripts/trace-query.mjs            prints the figures
//   node scripts/trace-query.mjs --files    also lists the files in the order in which they are first entered
//   node scripts/trace-query.mjs --walk     also lists every move
//
// Counting begins with the call of `flow.run` and ends with its answer. Loading modules, opening the workspace, making the
// client and the flow, and closing are left out.
//
//   call      the start of any function with a body: function, method, accessor, constructor, arrow, callback
//   move      a call in another file than the call before it in time, whoever made it
//   return    a move to a file that was entered before
//   "before the first node is in the log" lasts until the file of the log is there and holds it
import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { mock } from "node:test";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";
import { setup as buildReplPrograms } from "./build-repl-programs.mjs";
import "../test/resolve-sources.ts";
import { startLoopbackChat } from "../test/loopback-chat.ts";

const root = join(import.meta.dirname, "..");
const COUNTED = /^packages\/(core|workspace|clients)\/src\/.*\.ts$/;
const RECORDER = "globalThis.__rlmflowEntered";
const RUN = "traced";
const QUERY = "What is 6*7?";
const REPLIES = ["```repl\nprint(6 * 7);\n```", "```repl\nawait done('42');\n```"];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith("file:")) return loaded;
    const path = relative(root, fileURLToPath(url)).replaceAll(sep, "/");
    if (!COUNTED.test(path)) return loaded;
    return { ...loaded, source: withRecorder(path, String(loaded.source)) };
  },
});

/** The source with a call of the recorder at the beginning of each function's body. */
function withRecorder(path, text) {
  const insertions = [];
  const call = `${RECORDER}(${JSON.stringify(path)})`;
  function visit(node) {
    if (ts.isFunctionLike(node) && node.body !== undefined) {
      const start = node.body.getStart();
      if (ts.isBlock(node.body)) insertions.push([start + 1, `${call};`]);
      else insertions.push([start, `(${call}, `], [node.body.getEnd(), ")"]);
    }
    ts.forEachChild(node, visit);
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  let [done, result] = [0, ""];
  for (const [position, inserted] of insertions.toSorted(([a], [b]) => a - b)) {
    result += text.slice(done, position) + inserted;
    done = position;
  }
  return result + text.slice(done);
}

/** The files that were entered between `start` and `stop`. */
class Trace {
  /** The log of the run, which is there once its first node is in it. */
  log = "";
  calls = 0;
  /** The file of each call, without repeating the one before. */
  visits = [];
  filesBeforeFirstNode = 0;
  #on = false;

  constructor() {
    globalThis.__rlmflowEntered = (path) => {
      if (!this.#on) return;
      if (this.filesBeforeFirstNode === 0 && statSync(this.log, { throwIfNoEntry: false })?.size > 0)
        this.filesBeforeFirstNode = this.files.length;
      this.calls += 1;
      if (this.visits.at(-1) !== path) this.visits.push(path);
    };
  }

  start() {
    this.#on = true;
  }

  stop() {
    this.#on = false;
  }

  /** The files in the order in which they were first entered. */
  get files() {
    return [...new Set(this.visits)];
  }
}

/** Runs the query in a new directory and resolves to its trace. */
async function traceQuery() {
  const trace = new Trace();
  await buildReplPrograms();
  const [{ RLMFlow }, { openWorkspace }, { openaiClient }, { localRuntime }] = await Promise.all([
    import("@rlmflow/core"),
    import("@rlmflow/workspace"),
    import("@rlmflow/clients/openai"),
    import("@rlmflow/runtime-local"),
  ]);
  // Timers never fire: how often one polls a file would depend on how busy the machine is.
  mock.timers.enable({ apis: ["setTimeout"] });
  syncBuiltinESMExports();
  const { baseURL, server } = await startLoopbackChat([[QUERY, REPLIES]]);
  const directory = await mkdtemp(join(tmpdir(), "rlmflow-trace-"));
  try {
    await using workspace = await openWorkspace(directory);
    await using flow = new RLMFlow({
      client: openaiClient({ model: "loopback", baseURL }),
      runtime: localRuntime(),
      workspace,
    });
    trace.log = workspace.branchPaths(RUN).log;
    trace.start();
    const { answer, graph } = await flow.run(QUERY, { runId: RUN });
    trace.stop();
    if (answer !== "42" || graph.length !== 5)
      throw new Error(`The query ended with ${JSON.stringify(answer)} and ${graph.length} nodes.`);
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
  return trace;
}

function tableOf({ calls, visits, files, filesBeforeFirstNode }) {
  const moves = visits.length - 1;
  const rows = [
    [calls, "calls"],
    [moves, "moves between files"],
    [moves - (files.length - 1), "of them returns to a file that was entered before"],
    [files.length, "files"],
    [filesBeforeFirstNode, "files before the first node is in the log"],
  ];
  return rows.map(([count, what]) => `${count.toLocaleString("en").padStart(6)}  ${what}`);
}

const { values: shown } = parseArgs({ options: { files: { type: "boolean" }, walk: { type: "boolean" } } });
const trace = await traceQuery();
console.log(tableOf(trace).join("\n"));
if (shown.files) console.log(["", ...trace.files].join("\n"));
if (shown.walk) {
  const moves = trace.visits.slice(1).map((file, index) => `${trace.visits[index]} -> ${file}`);
  console.log(["", ...moves].join("\n"));
}
