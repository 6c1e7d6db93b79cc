import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MessageDigest } from "../../../src/engine/agent/message-digest.ts";
import type { Message } from "../../../src/index.ts";
import { Seeded } from "../../data/seeded.ts";

const sha256 = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");

/** The rule `chain`, as it is stated. */
function plain(messages: readonly Message[]): string {
  return messages.reduce((before, message) => sha256(`${before}\n${JSON.stringify(message)}`), sha256(""));
}

function message(content: string, role: Message["role"] = "user"): Message {
  return Object.freeze({ role, content });
}

describe("the digest of messages", () => {
  test("has these values, for ever", async () => {
    const digest = new MessageDigest(sha256);
    const messages = [message("Be good.", "system"), message("Begin. \ud800 ü")];
    expect((await digest.of([])).digest).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    expect(await digest.of(messages)).toEqual({
      digest: "36216d25c9be6ef5de6c23dc9b71751b73dbf963e70862c5d4e3966e68c38f36",
      characters: 18,
    });
    expect((await digest.of([{ role: "user", content: "a" }])).digest).toBe(
      sha256(`${sha256("")}\n{"role":"user","content":"a"}`),
    );
  });

  test.each([
    ["at once", sha256],
    ["later", async (text: string) => sha256(text)],
  ])("is that of the whole list, however the lists before it went, with digests %s", async (_when, hash) => {
    const seeded = new Seeded(7);
    const digest = new MessageDigest(hash);
    let list: Message[] = [];
    for (let count = 0; count < 300; count++) {
      const change = seeded.below(6);
      if (change === 0) list = list.slice(0, seeded.below(list.length + 1));
      else if (change === 1)
        list = list.toSpliced(seeded.below(list.length + 1), 1, message(`other ${count}`));
      else list = [...list, message(`m ${count}`), message(`n ${count}`, "assistant")];
      const characters = list.reduce((sum, { content }) => sum + content.length, 0);
      expect(await digest.of(list)).toEqual({ digest: plain(list), characters });
    }
  });

  test("of agents that share system prompts costs each prompt once, and is that of the whole list", async () => {
    let prompts = 0;
    const hash = (text: string) => {
      if (text.includes("system")) prompts += 1;
      return sha256(text);
    };
    const sums = new Map();
    for (let agent = 0; agent < 30; agent++) {
      const digest = new MessageDigest(hash, sums);
      const list = [message(`Be good ${agent % 3}.`, "system"), message(`task ${agent}`)];
      expect((await digest.of(list)).digest).toBe(plain(list));
      const longer = [...list, message("reply", "assistant"), message("output")];
      const characters = longer.reduce((sum, { content }) => sum + content.length, 0);
      expect(await digest.of(longer)).toEqual({ digest: plain(longer), characters });
    }
    expect(prompts).toBe(3);
  });

  test("costs what a list has more than the one before", async () => {
    let characters = 0;
    const digest = new MessageDigest((text) => {
      characters += text.length;
      return sha256(text);
    });
    const list: Message[] = [];
    for (let count = 0; count < 500; count++) {
      list.push(message("x".repeat(1000)), message("y".repeat(1000), "assistant"));
      await digest.of(list);
    }
    // Each message once and the last of each list once more.
    expect(characters).toBeLessThan(1.7 * 500 * 2000);
  });

  test("is right again after a digest that failed", async () => {
    let fails = false;
    const digest = new MessageDigest((text) => {
      if (fails && text.includes("third")) throw new Error("no");
      return sha256(text);
    });
    const list = ["first", "second", "third", "fourth"].map((content) => message(content));
    await digest.of(list.slice(0, 1));
    fails = true;
    await expect(digest.of(list)).rejects.toThrow("no");
    fails = false;
    expect((await digest.of(list)).digest).toBe(plain(list));
  });
});
