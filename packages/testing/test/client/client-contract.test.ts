import { type ChatOptions, type Client, type Message, type Reply, RLMError } from "@rlmflow/core";
import {
  type ClientDriver,
  type ClientRig,
  clientContract,
  type ProviderScript,
  refusals,
} from "@rlmflow/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { referenceDriver } from "./reference-client.ts";

type Chat = (messages: readonly Message[], options?: ChatOptions) => Promise<Reply>;

/** The client with another `chat`. */
function broken(change: (chat: Chat) => Chat): (client: Client) => Client {
  return (client) => ({ ...client, chat: change((messages, options) => client.chat(messages, options)) });
}

const BROKEN: Readonly<
  Record<
    string,
    { readonly change: (client: Client, script: ProviderScript) => Client; readonly refusedBy: string }
  >
> = {
  "retries by itself": {
    change: broken((chat) => async (messages, options) => {
      try {
        return await chat(messages, options);
      } catch {
        return await chat(messages, options);
      }
    }),
    refusedBy: "rejects a request that is turned away: overloaded",
  },
  "takes a cut reply for a complete one": {
    change: broken((chat) => async (messages, options) => {
      let text = "";
      const onText = (piece: string) => {
        text += piece;
        options?.onText?.(piece);
      };
      const usage = { input: null, cached: null, output: null, reasoning: null, costMicroUsd: null };
      try {
        return await chat(messages, { ...options, onText });
      } catch (error) {
        if (text === "" || options?.signal?.aborted) throw error;
        return { text, finishReason: "stop", usage, model: "reference" };
      }
    }),
    refusedBy: "rejects a reply that is cut",
  },
  "goes on after an abort": {
    change: broken(
      (chat) =>
        (messages, { signal: _signal, ...options } = {}) =>
          chat(messages, options),
    ),
    refusedBy: "stops in the middle of a reply when aborted",
  },
  "rejects on abort but leaves the connection open": {
    change: broken((chat) => (messages, { signal, ...options } = {}) => {
      const aborted = Promise.withResolvers<never>();
      const details = { reason: "aborted" };
      const abort = () => aborted.reject(new RLMError("request_failed", "aborted", { details }));
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort);
      return signal?.aborted ? aborted.promise : Promise.race([chat(messages, options), aborted.promise]);
    }),
    refusedBy: "stops waiting for a first byte when aborted",
  },
  "sends although the signal is aborted": {
    change: broken((chat) => async (messages, options) => {
      if (options?.signal?.aborted) await chat(messages);
      return chat(messages, options);
    }),
    refusedBy: "sends nothing when the signal is aborted already",
  },
  "answers with the failure as text": {
    change: broken(
      (chat) => (messages, options) =>
        chat(messages, options).catch((error: unknown) => {
          const usage = { input: null, cached: null, output: null, reasoning: null, costMicroUsd: null };
          return { text: String(error), finishReason: "stop" as const, usage, model: "reference" };
        }),
    ),
    refusedBy: "rejects a request that is turned away: authentication",
  },
  "reports 0 for what it does not know": {
    change: broken((chat) => async (messages, options) => {
      const reply = await chat(messages, options);
      const usage = { ...reply.usage, input: reply.usage.input ?? 0, output: reply.usage.output ?? 0 };
      return { ...reply, usage };
    }),
    refusedBy: "reports usage it does not know as null, never as 0",
  },
  "believes zeros": {
    change: broken((chat) => async (messages, options) => {
      const reply = await chat(messages, options);
      const isBlank = reply.usage.cached === 0 && reply.usage.input === null;
      return isBlank ? { ...reply, usage: { ...reply.usage, input: 0, output: 0 } } : reply;
    }),
    refusedBy: "reports zero counts for a reply with text as unknown",
  },
  "thinks aloud": {
    change: (client, { reasoning = "" }) => ({
      ...client,
      async chat(messages, options) {
        if (reasoning !== "") options?.onText?.(reasoning);
        const reply = await client.chat(messages, options);
        return { ...reply, text: reasoning + reply.text };
      },
    }),
    refusedBy: "keeps reasoning out of the text",
  },
  "tells of failures in words of its own": {
    change: broken(
      (chat) => (messages, options) =>
        chat(messages, options).catch((error: unknown) => {
          if (!RLMError.is(error)) throw error;
          throw new RLMError(error.code, "It failed.", { details: error.details });
        }),
    ),
    refusedBy: "quotes the provider when it refuses a request",
  },
  "loses why a reply was broken off": {
    change: broken(
      (chat) => (messages, options) =>
        chat(messages, options).catch((error: unknown) => {
          if (!RLMError.is(error) || error.details.reason !== "incomplete") throw error;
          throw new RLMError(error.code, "The reply ended early.", { details: error.details });
        }),
    ),
    refusedBy: "rejects a reply that the provider ends with an error, and quotes it",
  },
  "goes on talking after the reply": {
    change: broken((chat) => async (messages, options) => {
      const reply = await chat(messages, options);
      setTimeout(() => {
        try {
          options?.onText?.("one more thing");
        } catch {
          // This one is broken in one way only.
        }
      }, 5);
      return reply;
    }),
    refusedBy: "hands pieces to onText that add up to the text, all before it resolves",
  },
  "loses a piece of the stream": {
    change: broken((chat) => (messages, options) => {
      let count = 0;
      return chat(messages, {
        ...options,
        onText(piece) {
          count += 1;
          if (count !== 2) options?.onText?.(piece);
        },
      });
    }),
    refusedBy: "hands pieces to onText that add up to the text, all before it resolves",
  },
  "fails when its listener does": {
    change: broken((chat) => async (messages, options) => {
      const thrown: unknown[] = [];
      const onText = (piece: string) => {
        try {
          options?.onText?.(piece);
        } catch (error) {
          thrown.push(error);
        }
      };
      const reply = await chat(messages, { ...options, onText });
      if (thrown.length > 0) throw thrown[0];
      return reply;
    }),
    refusedBy: "ignores what onText throws",
  },
  "rejects with a code of its own": {
    change: broken(
      (chat) => (messages, options) =>
        chat(messages, options).catch((cause: unknown) => {
          throw new RLMError("runtime_failed", "something failed", { cause });
        }),
    ),
    refusedBy: "rejects a reply that ends early",
  },
  "gives every failure the same reason": {
    change: broken(
      (chat) => (messages, options) =>
        chat(messages, options).catch((cause: unknown) => {
          throw new RLMError("request_failed", "failed", { cause, details: { reason: "network" } });
        }),
    ),
    refusedBy: "rejects a request that is turned away: context_too_long",
  },
  "forgets how long to wait": {
    change: broken(
      (chat) => (messages, options) =>
        chat(messages, options).catch((error: unknown) => {
          if (!RLMError.is(error)) throw error;
          throw new RLMError(error.code, error.message, { details: { reason: error.details.reason } });
        }),
    ),
    refusedBy: "passes on how long the provider asks to wait",
  },
  "drops the system message": {
    change: broken(
      (chat) => (messages, options) =>
        chat(
          messages.filter(({ role }) => role !== "system"),
          options,
        ),
    ),
    refusedBy: "sends every message, in order, in one request",
  },
  "leaves the tokens read from the cache out of the input": {
    change: broken((chat) => async (messages, options) => {
      const reply = await chat(messages, options);
      const { input, cached } = reply.usage;
      return { ...reply, usage: { ...reply.usage, input: input === null ? null : input - (cached ?? 0) } };
    }),
    refusedBy: "resolves with the text, the model and the usage of a complete reply",
  },
  "does not say which model it is": {
    change: (client) => ({ ...client, model: "" }),
    refusedBy: "names its protocol and its model",
  },
  "never says how a reply ended": {
    change: broken((chat) => async (messages, options) => ({
      ...(await chat(messages, options)),
      finishReason: "other",
    })),
    refusedBy: "tells the finish reason stop",
  },
  "calls every end a stop": {
    change: broken((chat) => async (messages, options) => ({
      ...(await chat(messages, options)),
      finishReason: "stop",
    })),
    refusedBy: "tells the finish reason length",
  },
  "takes an empty reply for a failure": {
    change: broken((chat) => async (messages, options) => {
      const reply = await chat(messages, options);
      if (reply.text === "")
        throw new RLMError("request_failed", "empty", { details: { reason: "incomplete" } });
      return reply;
    }),
    refusedBy: "resolves with the empty string when the reply has no text",
  },
  "mixes up what is asked at the same time": {
    change: broken((chat) => {
      let latest: readonly Message[] = [];
      return async (messages, options) => {
        latest = messages;
        await Promise.resolve();
        return chat(latest, options);
      };
    }),
    refusedBy: "keeps concurrent chats apart",
  },
};

const checks = clientContract(referenceDriver()).map(({ name }) => name);
const refusedBy = new Map<string, readonly string[]>();

beforeAll(async () => {
  const examined = Object.entries(BROKEN).map(async ([name, { change }]) => {
    refusedBy.set(name, await refusals(clientContract, referenceDriver(change)));
  });
  await Promise.all(examined);
});

test("the client contract accepts a client that keeps it", async () => {
  expect(await refusals(clientContract, referenceDriver())).toEqual([]);
});

describe("the client contract refuses a client that", () => {
  test.each(Object.entries(BROKEN))("%s", (name, broken) => {
    expect(refusedBy.get(name)).toContain(broken.refusedBy);
  });
});

test("every check of the client contract refuses some broken client", () => {
  const refused = new Set([...refusedBy.values()].flat());
  expect(checks.filter((name) => !refused.has(name))).toEqual([]);
});

test("no broken client is refused by every check", () => {
  for (const names of refusedBy.values()) expect(names.length).toBeLessThan(checks.length);
});

describe("a provider that has no word for a count", () => {
  const COMPLETE = "resolves with the text, the model and the usage of a complete reply";
  const unreported = ["cached", "reasoning"] as const;
  const saying = (none: null | 0) =>
    broken((chat) => async (messages, options) => {
      const reply = await chat(messages, options);
      return { ...reply, usage: { ...reply.usage, cached: none, reasoning: none } };
    });

  test("has a client that says null", async () => {
    expect(await refusals(clientContract, referenceDriver(saying(null)))).toEqual([COMPLETE]);
    const driver = { ...referenceDriver(saying(null)), unreported };
    expect(await refusals(clientContract, driver)).toEqual([]);
  });

  test("has no client that says 0, or a number it did not report", async () => {
    const driver = { ...referenceDriver(saying(0)), unreported };
    expect(await refusals(clientContract, driver)).toContain(COMPLETE);
    expect(await refusals(clientContract, { ...referenceDriver(), unreported })).toEqual([COMPLETE]);
  });
});

describe("an exception that a client's driver states", () => {
  const REFUSED = "tells the finish reason refused";
  const exceptions = { [REFUSED]: "the provider has no word for it" };
  const wordless = broken((chat) => async (messages, options) => {
    const reply = await chat(messages, options);
    return { ...reply, finishReason: reply.finishReason === "refused" ? "stop" : reply.finishReason };
  });

  test("lets the check pass that fails", async () => {
    expect(await refusals(clientContract, referenceDriver(wordless))).toEqual([REFUSED]);
    expect(await refusals(clientContract, { ...referenceDriver(wordless), exceptions })).toEqual([]);
  });

  test("is refused once the check no longer fails", async () => {
    const check = clientContract({ ...referenceDriver(), exceptions }).find(({ name }) => name === REFUSED);
    await expect(check?.run()).rejects.toThrow(
      'The client\'s driver states an exception from "tells the finish reason refused", which no longer fails. Remove it.',
    );
  });

  test("is refused for a check that does not exist", () => {
    const driver = { ...referenceDriver(), exceptions: { "reads minds": "it is early" } };
    expect(() => clientContract(driver)).toThrow(
      "The client's driver states exceptions from checks that do not exist: reads minds. Remove them.",
    );
  });
});

test.each([
  [null, "it is no record"],
  [{}, "open is missing"],
  [
    { open: 5, unreported: "cached", name: "mine" },
    'open must be a function, not 5; unreported must be an object, not "cached"; there is no name',
  ],
])("%j is no driver", (driver, problems) => {
  expect(() => clientContract(driver as unknown as ClientDriver)).toThrow(
    `clientContract was given a driver it can't take: ${problems}.`,
  );
});

test.each<readonly [unknown, string]>([
  [undefined, "open gave undefined, and no rig"],
  [{ client: {} }, "open gave a rig without seen(), close()"],
  [{ client: {}, seen: () => ({}), close: async () => {} }, "open gave a client without chat()"],
])("what open gives is looked at: %j", async (rig, problem) => {
  const [first] = clientContract({ open: async () => rig as ClientRig });
  await expect(first?.run()).rejects.toThrow(problem);
});
