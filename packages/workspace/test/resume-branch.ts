import { openWorkspace } from "@rlmflow/workspace";
import { countingFlow, mapReduce } from "./recorded-run.ts";

/*
 * node resume-branch.ts <directory> <run> <branch>
 * Resumes the branch in a process of its own, with a model that words its replies differently. Prints the answer
 * and who was asked, as JSON.
 */

const [directory = "", runId = "", branch = ""] = process.argv.slice(2);
await using workspace = await openWorkspace(directory);
const { flow, asked } = countingFlow(mapReduce("second"), workspace);
const { answer } = await flow.resume(await workspace.load(runId, branch));
await flow.close();
console.log(JSON.stringify({ answer, asked }));
