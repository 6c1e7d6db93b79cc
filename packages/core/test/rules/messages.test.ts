import { describe, expect, test } from "vitest";
import { defaultMessages, FINAL_REQUEST, type MessageOptions } from "../../src/rules/messages.ts";
import { RunBuilder } from "../data/run-builder.ts";

const OPTIONS: MessageOptions = { systemPrompt: "Be good.", maxMessages: null, final: false };

function messagesOf(run: RunBuilder, options: Partial<MessageOptions> = {}) {
  return defaultMessages(run.graph.chain("root"), { ...OPTIONS, ...options });
}

function shown(run: RunBuilder, options: Partial<MessageOptions> = {}): readonly string[] {
  return messagesOf(run, options).map(({ role, content }) => `${role}: ${content}`);
}

function begun(): RunBuilder {
  const run = new RunBuilder();
  run.query("root", "Begin.");
  return run;
}

/** A chain with this many replies, each with an observation. */
function long(replies: number): RunBuilder {
  const run = begun();
  for (let count = 1; count <= replies; count++) {
    run.action("root", `code ${count}`);
    run.observation("root", `seen ${count}`);
  }
  return run;
}

function expectAlternating(run: RunBuilder, options: Partial<MessageOptions> = {}): void {
  const roles = messagesOf(run, options).map(({ role }) => role);
  expect(roles[0]).toBe("system");
  const expected = roles.map((_, place) => (place === 0 ? "system" : place % 2 === 1 ? "user" : "assistant"));
  expect(roles).toEqual(expected);
}

describe("messages", () => {
  test("are the prompt, the query, replies and what was seen", () => {
    expect(shown(long(1))).toEqual([
      "system: Be good.",
      "user: Begin.",
      "assistant: ```repl\ncode 1\n```",
      "user: seen 1",
    ]);
  });

  test("never have one role twice in a row, whatever people say in between", () => {
    const run = begun();
    run.add("root", {
      type: "observation",
      content: "first",
      edit: { kind: "say", agentId: "root", text: "first" },
    });
    run.action("root", "1");
    run.add("root", {
      type: "observation",
      content: "second",
      edit: { kind: "say", agentId: "root", text: "second" },
    });
    run.observation("root", "seen");
    run.action("root", null);
    run.action("root", "2");
    run.error("root", "exception");
    expectAlternating(run);
    expectAlternating(run, { final: true });
    expect(shown(run)[1]).toBe("user: Begin.\n\nfirst");
    expect(shown(run)[3]).toBe("user: second\n\nseen");
  });

  test("show the code that stands for a reply, in a fence longer than any in it", () => {
    const run = begun();
    run.action("root", "old");
    run.action("root", "print('````')", { replaces: "root#1" });
    run.observation("root", "seen");
    expect(shown(run)[2]).toBe("assistant: `````repl\nprint('````')\n`````");
    expect(shown(run).join()).not.toContain("old");
  });

  test("hold code with very many fences", () => {
    const run = begun();
    run.action("root", "old");
    run.action("root", "` ".repeat(300_000), { replaces: "root#1" });
    expect(messagesOf(run)[2]?.content.startsWith("```repl\n")).toBe(true);
  });

  test("leave out suspensions, results, edits without words and the end at a limit", () => {
    const run = begun();
    run.action("root", "1");
    run.supervising("root", [{ index: 0, agents: ["root.a"] }]);
    run.resume("root", "on");
    const edit = { kind: "config", agentId: "root", config: { maxDepth: 1 } } as const;
    run.add("root", { type: "observation", content: "", edit, origin: "user" });
    run.error("root", "limit_reached", { fatal: true, content: "seen before" });
    expect(shown(run).slice(2)).toEqual(["assistant: ```repl\n1\n```", "user: on"]);
  });

  test("tell of every task and its answer's code", () => {
    const run = begun();
    run.action("root", "done(1)");
    run.result("root", 1);
    run.query("root", "More.", { ordinal: 1 });
    expect(shown(run)).toEqual([
      "system: Be good.",
      "user: Begin.",
      "assistant: ```repl\ndone(1)\n```",
      "user: More.",
    ]);
  });

  test("end with the word that it is the last reply", () => {
    const run = long(1);
    expect(shown(run, { final: true }).at(-1)).toBe(`user: seen 1\n\n${FINAL_REQUEST}`);
    expect(shown(begun(), { final: true }).at(-1)).toBe(`user: Begin.\n\n${FINAL_REQUEST}`);
  });
});

describe("maxMessages", () => {
  test.each([1, 2, 3, 4, 7, 8, 50])("keeps the first query, a line and the last %i", (maxMessages) => {
    const run = long(4);
    const all = shown(run).slice(2);
    const kept = shown(run, { maxMessages });
    expectAlternating(run, { maxMessages });
    expect(kept[1]?.startsWith("user: Begin.")).toBe(true);
    const text = kept.join("\n");
    for (const [place, message] of all.entries()) {
      const content = message.slice(message.indexOf(" ") + 1);
      expect(text.includes(content), content).toBe(all.length - place <= maxMessages);
    }
    const left = Math.max(0, all.length - maxMessages);
    expect(text.includes("messages left out)")).toBe(left > 0);
    if (left > 0) expect(text).toContain(`(${left} messages left out)`);
  });

  test("keeps the task at hand in view when it is a later one", () => {
    const run = long(2);
    run.query("root", "The second task.", { ordinal: 1 });
    for (let count = 0; count < 5; count++) {
      run.action("root", `more ${count}`);
      run.observation("root", `seen more ${count}`);
    }
    const kept = shown(run, { maxMessages: 2 });
    expect(kept[1]).toBe("user: Begin.\n\n(12 messages left out)\n\nThe second task.");
    expectAlternating(run, { maxMessages: 2 });
    expect(shown(run, { maxMessages: 50 }).filter((text) => text.includes("The second task."))).toHaveLength(
      1,
    );
  });
});
