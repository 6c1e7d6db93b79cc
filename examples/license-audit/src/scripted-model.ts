import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";

/** The replies of each level of the tree: the root, the auditors of a batch, the readers of one text. */
const LEVELS = ["root", "auditor", "reader"];

const TAMPERING = { javascript: "report.packages -= 1;", python: 'report["packages"] -= 1' };

/** Whether the scripted model tells what its code found. */
export interface ScriptedModelOptions {
  /** The language of the agents' REPLs. */
  readonly language: "javascript" | "python";
  /** Leaves one package out of the answer, to show that the comparison notices. */
  readonly tamper: boolean;
}

/**
 * A stand-in for a model, so that the demo needs no key: an agent's reply depends on its depth and its turn
 * alone. What the replies do is real: their code runs in the sandbox, reads the files and decides.
 */
export function scriptedModel({ language, tamper }: ScriptedModelOptions): Client {
  const replies = LEVELS.map((level) => readReplies(language, level));
  return scriptedClient(({ agentId, turn }) => {
    const reply = replies[agentId.split(".").length - 1]?.[turn];
    if (reply === undefined) throw new RangeError(`No reply is written for turn ${turn} of ${agentId}.`);
    return tamper ? reply.replace("await done(report)", `${TAMPERING[language]}\nawait done(report)`) : reply;
  });
}

/** A file of replies, one a turn, between them a line `---`. */
function readReplies(language: string, level: string): readonly string[] {
  const file = join(import.meta.dirname, "scripted-replies", language, `${level}.md`);
  return readFileSync(file, "utf8").split("\n---\n");
}
