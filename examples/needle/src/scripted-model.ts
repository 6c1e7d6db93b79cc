import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";

/**
 * A stand-in for a model, so that the example needs no key: the root answers from root.md, its children from
 * searcher.md, one reply a turn. The code in the replies is run for real and finds what there is.
 */
export function scriptedModel(): Client {
  const [root, searcher] = [readReplies("root"), readReplies("searcher")];
  return scriptedClient(({ agentId, turn }) => {
    const reply = (agentId === "root" ? root : searcher)[turn];
    if (reply === undefined) throw new RangeError(`No reply is written for turn ${turn} of ${agentId}.`);
    return reply;
  });
}

/** A file of replies, between them a line `---`. */
function readReplies(name: string): readonly string[] {
  return readFileSync(join(import.meta.dirname, "scripted-replies", `${name}.md`), "utf8").split("\n---\n");
}
