import { createHash } from "node:crypto";
import type { ChainNode, Message } from "@rlmflow/core";
import { Transcript } from "@rlmflow/core/driver";
import { describe, expect, test } from "vitest";
import { agentConfig, RunBuilder } from "../../../core/test/data/run-builder.ts";
import { checkRequests } from "../../src/run/check-requests.ts";

const sha256 = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");

type Rule = (messages: readonly Message[]) => { readonly request: string; readonly requestDigest?: "chain" };

const WHOLE: Rule = (messages) => ({ request: sha256(JSON.stringify(messages)) });
const CHAIN: Rule = (messages) => ({
  request: messages.reduce((before, message) => sha256(`${before}\n${JSON.stringify(message)}`), sha256("")),
  requestDigest: "chain",
});

/** What the model of this chain is sent. */
function sent(chain: readonly ChainNode[], maxMessages: number | null): readonly Message[] {
  const transcript = new Transcript();
  transcript.extend(chain);
  return transcript.messages({ systemPrompt: "Be good.", maxMessages, final: false });
}

/** A run with a digest in each action by the rule of its place. */
function recorded(rules: readonly Rule[], maxMessages: number | null = null): RunBuilder {
  const run = new RunBuilder();
  run.query("root", "Begin.", { config: { ...agentConfig, maxMessages } });
  for (const [place, rule] of rules.entries()) {
    run.action("root", `code ${place}`, rule(sent(run.graph.chain("root"), maxMessages)));
    run.action("root", `better ${place}`, {
      replaces: run.graph.head("root")?.id ?? "",
      request: "0".repeat(64),
    });
    run.observation("root", `seen ${place}`);
  }
  return run;
}

describe("the check of requests", () => {
  test.each([
    ["all", null],
    ["a window", 2],
  ])(
    "takes both rules, also in one run that was taken up again, with %s of the messages",
    async (_what, maxMessages) => {
      const rules = [WHOLE, WHOLE, CHAIN, CHAIN, WHOLE, CHAIN];
      expect(await checkRequests(recorded(rules, maxMessages).graph, {})).toEqual([]);
    },
  );

  test("names the reply whose digest is that of other messages", async () => {
    const other: Rule = (messages) => CHAIN(messages.slice(0, -1));
    const { graph } = recorded([CHAIN, other, CHAIN]);
    expect(await checkRequests(graph, {})).toEqual(["the request of root#4 is not what its chain gives"]);
  });

  test("names a digest by the rule that its node does not name", async () => {
    const whole: Rule = (messages) => ({ ...WHOLE(messages), requestDigest: "chain" });
    const chain: Rule = (messages) => ({ request: CHAIN(messages).request });
    expect(await checkRequests(recorded([whole, chain]).graph, {})).toHaveLength(2);
  });

  test("asks the seam for the messages that it made", async () => {
    const messages = (_chain: readonly ChainNode[], standard: readonly Message[]) => standard.slice(-2);
    const rule: Rule = (standard) => CHAIN(standard.slice(-2));
    const { graph } = recorded([rule, rule, rule]);
    expect(await checkRequests(graph, { messages })).toEqual([]);
    expect(await checkRequests(graph, {})).toHaveLength(2);
  });
});
