import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { cachedClient } from "@rlmflow/clients/cached";
import { type Client, type Message, type Reply, RLMError } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { replyStore } from "../../src/cached/reply-store.ts";
import { detailsOf } from "../failure-of.ts";

const QUESTION: readonly Message[] = [{ role: "user", content: "What is it?" }];
const USAGE = { input: 12, cached: 3, output: 7, reasoning: 2, costMicroUsd: 410 };

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow-cached-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A client that counts how often it is asked, and answers with the count. */
function counting(options: { readonly latencyMs?: number; readonly model?: string } = {}) {
  const counter = { asked: 0 };
  const client = scriptedClient(() => {
    counter.asked += 1;
    return { text: `answer ${counter.asked}`, usage: USAGE };
  }, options);
  return { counter, client };
}

async function files(): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function onlyFile(): Promise<string> {
  const [file, ...others] = await files();
  if (file === undefined || others.length > 0) throw new Error(`${others.length} files`);
  return file;
}

describe("cachedClient remembers", () => {
  test("a reply, which costs nothing the second time and comes as one piece", async () => {
    const { counter, client } = counting();
    const first = await cachedClient(client, { directory }).chat(QUESTION);
    const pieces: string[] = [];
    const again = await cachedClient(client, { directory }).chat(QUESTION, {
      onText: (piece) => pieces.push(piece),
    });
    expect(first).toEqual({ text: "answer 1", finishReason: "stop", usage: USAGE, model: "scripted" });
    expect(again).toEqual({ ...first, usage: { ...USAGE, costMicroUsd: 0 } });
    expect(pieces).toEqual(["answer 1"]);
    expect(counter.asked).toBe(1);
  });

  test("regardless of who asks, under which key, and of the order of a schema's fields", async () => {
    const { counter, client } = counting();
    const cached = cachedClient(client, { directory });
    const output = { type: "object", properties: { a: {}, b: {} } };
    const turned = { properties: { b: {}, a: {} }, type: "object" };
    await cached.chat(QUESTION, { output, effectKey: "one" });
    const caller = { agentId: "root.a", turn: 4, purpose: "query" } as const;
    await cached.chat(QUESTION, { output: turned, effectKey: "two", caller });
    expect(counter.asked).toBe(1);
  });

  test.each([
    ["messages", [{ role: "user", content: "What is it ?" }], {}, {}],
    ["roles", [{ role: "system", content: "What is it?" }], {}, {}],
    ["a bound", QUESTION, { maxOutputTokens: 10 }, {}],
    ["a schema", QUESTION, { output: true }, {}],
    ["a variant", QUESTION, {}, { variant: "sample 2" }],
  ] as const)("other %s apart", async (_name, messages, chat, options) => {
    const { counter, client } = counting();
    await cachedClient(client, { directory }).chat(QUESTION);
    await cachedClient(client, { directory, ...options }).chat(messages, chat);
    expect(counter.asked).toBe(2);
    expect((await files()).length).toBe(2);
  });

  test("other models apart", async () => {
    await cachedClient(counting({ model: "a" }).client, { directory }).chat(QUESTION);
    const { counter, client } = counting({ model: "b" });
    await cachedClient(client, { directory }).chat(QUESTION);
    expect(counter.asked).toBe(1);
  });

  test("nothing of a failure, nor of a reply without text", async () => {
    let asked = 0;
    const cached = cachedClient(
      scriptedClient(() => {
        asked += 1;
        if (asked === 1) throw new RLMError("request_failed", "no", { details: { reason: "overloaded" } });
        return asked === 2 ? "" : "at last";
      }),
      { directory },
    );
    expect(await detailsOf(cached.chat(QUESTION))).toEqual({ reason: "overloaded" });
    expect((await cached.chat(QUESTION)).text).toBe("");
    expect((await cached.chat(QUESTION)).text).toBe("at last");
    expect((await cached.chat(QUESTION)).text).toBe("at last");
    expect(asked).toBe(3);
  });
});

describe("cachedClient keeps only what is complete", () => {
  test.each(["length", "filtered", "refused", "other"] as const)(
    "nothing that ended with %s",
    async (finishReason) => {
      let asked = 0;
      const client = scriptedClient(() => {
        asked += 1;
        return asked === 1 ? { text: "The Elbe is 1,", finishReason } : "The Elbe is 1,094 km long.";
      });
      const cached = cachedClient(client, { directory });
      expect((await cached.chat(QUESTION)).finishReason).toBe(finishReason);
      for (let count = 0; count < 2; count += 1)
        expect((await cached.chat(QUESTION)).text).toBe("The Elbe is 1,094 km long.");
      expect(asked).toBe(2);
    },
  );

  test("and gives no cut reply again that an earlier version kept", async () => {
    const { counter, client } = counting();
    await replyStore(directory).put(await digestOf(client), {
      text: "cut",
      finishReason: "length",
      usage: USAGE,
      model: "scripted",
    });
    expect((await cachedClient(client, { directory }).chat(QUESTION)).text).toBe("answer 2");
    expect(counter.asked).toBe(2);
  });

  /** The name under which the answer to the question is kept. */
  async function digestOf(client: Client): Promise<string> {
    await cachedClient(client, { directory }).chat(QUESTION);
    return basename(await onlyFile(), ".json");
  }
});

describe("cachedClient trusts no file", () => {
  test.each([
    ["cut short", (text: string) => text.slice(0, -20)],
    ["empty", () => ""],
    ["of another format", (text: string) => text.replace('"format":1', '"format":2')],
    ["with another text", (text: string) => text.replace("answer 1", "answer 9")],
    ["with another usage", (text: string) => text.replace('"input":12', '"input":1')],
    ["with a finish reason that is none", (text: string) => text.replace('"stop"', '"done"')],
    ["that is not an object", () => "[]"],
  ])("that is %s: it asks again and puts it right", async (_name, damage) => {
    const { counter, client } = counting();
    await cachedClient(client, { directory }).chat(QUESTION);
    const file = await onlyFile();
    const whole = await readFile(file, "utf8");
    const damaged = damage(whole);
    expect(damaged).not.toBe(whole);
    await writeFile(file, damaged);
    expect((await cachedClient(client, { directory }).chat(QUESTION)).text).toBe("answer 2");
    expect((await cachedClient(client, { directory }).chat(QUESTION)).text).toBe("answer 2");
    expect(counter.asked).toBe(2);
    expect(await onlyFile()).toBe(file);
  });

  test("of another request under this one's name", async () => {
    const { client } = counting();
    const cached = cachedClient(client, { directory });
    await cached.chat(QUESTION);
    const mine = await onlyFile();
    const text = await readFile(mine, "utf8");
    await cached.chat([{ role: "user", content: "Something else" }]);
    const other = (await files()).find((file) => file !== mine) ?? "";
    await writeFile(other, text);
    expect((await cached.chat([{ role: "user", content: "Something else" }])).text).toBe("answer 3");
  });

  test("and gives the reply, with a warning, where none can be written", async () => {
    const blocked = join(directory, "file");
    await writeFile(blocked, "in the way");
    const warned = Promise.withResolvers<Error>();
    process.once("warning", warned.resolve);
    const { client } = counting();
    expect((await cachedClient(client, { directory: blocked }).chat(QUESTION)).text).toBe("answer 1");
    expect((await warned.promise).message).toContain(`cachedClient cannot keep replies in ${blocked}`);
  });
});

describe("cachedClient asks once for all who ask at the same time", () => {
  test("the first pays, each is handed the whole text", async () => {
    const { counter, client } = counting({ latencyMs: 40 });
    const cached = cachedClient(client, { directory });
    const texts = ["", "", ""];
    const chats = texts.map((_, index) =>
      cached.chat(QUESTION, {
        onText(piece) {
          texts[index] += piece;
        },
      }),
    );
    const replies = await Promise.all(chats);
    expect(counter.asked).toBe(1);
    expect(texts).toEqual(["answer 1", "answer 1", "answer 1"]);
    expect(replies.map(({ usage }) => usage.costMicroUsd)).toEqual([410, 0, 0]);
  });

  test("who comes late is handed what was said before", async () => {
    const { client } = counting({ latencyMs: 80 });
    const cached = cachedClient(client, { directory });
    const late = Promise.withResolvers<Reply>();
    const pieces: string[] = [];
    await cached.chat(QUESTION, {
      onText() {
        if (pieces.length === 0)
          late.resolve(cached.chat(QUESTION, { onText: (piece) => pieces.push(piece) }));
      },
    });
    expect((await late.promise).text).toBe("answer 1");
    expect(pieces.join("")).toBe("answer 1");
  });

  test("who leaves does not take the others along, and the next one pays", async () => {
    const { counter, client } = counting({ latencyMs: 60 });
    const cached = cachedClient(client, { directory });
    const aborter = new AbortController();
    const left = detailsOf(cached.chat(QUESTION, { signal: aborter.signal }));
    const stayed = cached.chat(QUESTION);
    aborter.abort();
    expect(await left).toEqual({ reason: "aborted" });
    expect((await stayed).usage.costMicroUsd).toBe(410);
    expect(counter.asked).toBe(1);
  });

  test("when all have left the request is aborted, and who comes then asks anew", async () => {
    const signals: AbortSignal[] = [];
    const upstream: Client = {
      protocol: 1,
      model: "m",
      chat: (messages, options = {}) => {
        if (options.signal !== undefined) signals.push(options.signal);
        return scriptedClient(["late"], { latencyMs: 60 }).chat(messages, options);
      },
    };
    const cached = cachedClient(upstream, { directory });
    const aborters = [new AbortController(), new AbortController()];
    const chats = aborters.map(({ signal }) => detailsOf(cached.chat(QUESTION, { signal })));
    while (signals.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    aborters[0]?.abort();
    await chats[0];
    expect(signals[0]?.aborted).toBe(false);
    aborters[1]?.abort();
    expect(await Promise.all(chats)).toEqual([{ reason: "aborted" }, { reason: "aborted" }]);
    expect(signals[0]?.aborted).toBe(true);
    expect((await cached.chat(QUESTION)).text).toBe("late");
    expect(signals.length).toBe(2);
  });

  test("a failure reaches everyone and is asked again after that", async () => {
    let asked = 0;
    const cached = cachedClient(
      scriptedClient(async () => {
        asked += 1;
        if (asked === 1) throw new RLMError("request_failed", "no", { details: { reason: "network" } });
        return "yes";
      }),
      { directory },
    );
    const failed = [cached.chat(QUESTION), cached.chat(QUESTION)].map(detailsOf);
    expect(await Promise.all(failed)).toEqual([{ reason: "network" }, { reason: "network" }]);
    expect((await cached.chat(QUESTION)).text).toBe("yes");
  });
});

test("cachedClient names every bad option at once", () => {
  const { client } = counting();
  const make = () => Reflect.apply(cachedClient, undefined, [client, { variant: "", folder: "x" }]);
  expect(make).toThrow(
    `cachedClient was given options it cannot use:
- folder: there is no such option
- directory: it is missing; it must be a string that is not empty
- variant: it must be a string that is not empty`,
  );
});
