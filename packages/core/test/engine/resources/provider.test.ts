import { fixedEnvironment } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { Provider, type ProviderOptions } from "../../../src/engine/resources/provider.ts";
import { type Client, type Environment, type Reply, RLMError } from "../../../src/index.ts";
import type { Attempt } from "../../../src/store.ts";

const USAGE = { input: 100, cached: 40, output: 10, reasoning: null, costMicroUsd: null };
const REPLY: Reply = { text: "hello", finishReason: "stop", usage: USAGE, model: "m-1" };
const { signal } = new AbortController();
const MESSAGES = [{ role: "user", content: "Hi." }] as const;

type Answer = Reply | Error | ((signal: AbortSignal) => Promise<Reply>);

/** A client that gives these answers one after another. */
function clientOf(...answers: readonly Answer[]): Client & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    protocol: 1,
    model: "m",
    asked,
    async chat(_messages, options = {}) {
      asked.push(asked.length);
      const answer = answers[asked.length - 1] ?? REPLY;
      if (answer instanceof Error) throw answer;
      options.onText?.("hel");
      return typeof answer === "function" ? await answer(options.signal ?? signal) : answer;
    },
  };
}

function failure(reason: string, details: object = {}): RLMError {
  return new RLMError("request_failed", `it was ${reason}`, { details: { reason, ...details } });
}

/** An environment that tells how long it was asked to sleep. */
function sleeper(): Environment & { readonly slept: number[] } {
  const slept: number[] = [];
  const environment = fixedEnvironment({ step: 0 });
  return {
    ...environment,
    slept,
    sleep: async (ms, stop) => {
      slept.push(ms);
      await environment.sleep(ms, stop);
    },
  };
}

function providerOf(client: Client, more: Partial<ProviderOptions> = {}): Provider {
  return new Provider({
    client,
    environment: fixedEnvironment({ step: 0 }),
    maxConcurrency: 4,
    maxRetries: 2,
    price: undefined,
    ...more,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<RLMError & { attempts: readonly Attempt[] }> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!RLMError.is(error)) throw new Error(`expected an RLMError, got ${String(error)}`);
  const attempts = (error.details.attempts ?? []) as readonly Attempt[];
  return Object.assign(error, { attempts });
}

describe("a request", () => {
  test("that is answered is one attempt with its times and usage", async () => {
    const { reply, attempts } = await providerOf(clientOf()).ask(MESSAGES, { signal });
    expect(reply.text).toBe("hello");
    expect(attempts).toEqual([expect.objectContaining({ outcome: "complete", usage: USAGE })]);
    expect(attempts[0]?.firstTokenAt).not.toBeNull();
  });

  test.each(["rate_limit", "overloaded", "network", "timeout", "incomplete"])(
    "that failed with %s is made again, and every attempt is kept",
    async (reason) => {
      const client = clientOf(failure(reason, { usage: { input: 5 } }), failure(reason));
      const { attempts } = await providerOf(client).ask(MESSAGES, { signal });
      expect(attempts.map(({ outcome }) => outcome)).toEqual([reason, reason, "complete"]);
      expect(attempts[0]).toMatchObject({ usage: { input: 5, output: null }, message: `it was ${reason}` });
      expect(client.asked).toHaveLength(3);
    },
  );

  test.each(["authentication", "invalid_request", "context_too_long", "quota", "unknown", "made up"])(
    "that failed with %s is not made again",
    async (reason) => {
      const client = clientOf(failure(reason));
      const error = await failureOf(providerOf(client).ask(MESSAGES, { signal }));
      expect(error.code).toBe("request_failed");
      expect(error.attempts).toHaveLength(1);
      expect(client.asked).toHaveLength(1);
    },
  );

  test("is given up after its retries", async () => {
    const client = clientOf(...Array.from({ length: 9 }, () => failure("overloaded")));
    const error = await failureOf(providerOf(client, { maxRetries: 3 }).ask(MESSAGES, { signal }));
    expect(error.attempts.map(({ outcome }) => outcome)).toEqual(Array(4).fill("overloaded"));
  });

  test.each(["missing_key", "missing_dependency"] as const)(
    "that was never sent for want of something (%s) is no attempt",
    async (code) => {
      const error = await failureOf(
        providerOf(clientOf(new RLMError(code, "set it"))).ask(MESSAGES, { signal }),
      );
      expect(error).toMatchObject({ code, message: "set it", attempts: [] });
    },
  );

  test.each<[string, Error]>([
    ["an error of its own", new TypeError("boom")],
    ["an error that stops runs", new RLMError("aborted", "boom")],
  ])("that a client fails with %s is a failed request", async (_what, thrown) => {
    const error = await failureOf(providerOf(clientOf(thrown)).ask(MESSAGES, { signal }));
    expect(error).toMatchObject({ code: "request_failed", message: "boom" });
    expect(error.attempts).toMatchObject([{ outcome: "unknown" }]);
  });

  test("ends with its signal, though the client does not heed it", async () => {
    const controller = new AbortController();
    const client = clientOf(() => new Promise(() => {}));
    const asking = providerOf(client).ask(MESSAGES, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    const error = await failureOf(asking);
    expect(error.attempts).toMatchObject([{ outcome: "aborted" }]);
  });

  test("is not sent when its signal has aborted", async () => {
    const client = clientOf();
    const error = await failureOf(providerOf(client).ask(MESSAGES, { signal: AbortSignal.abort() }));
    expect(error.code).toBe("aborted");
    expect(client.asked).toEqual([]);
  });
});

describe("a reply", () => {
  test("is priced, what was read from a cache at its own price", async () => {
    const price = { inputPerMillionUsd: 3, cachedPerMillionUsd: 0.3, outputPerMillionUsd: 15 };
    const { reply } = await providerOf(clientOf(), { price }).ask(MESSAGES, { signal });
    expect(reply.usage.costMicroUsd).toBe(60 * 3 + 12 + 150);
  });

  test.each([
    [{ ...USAGE, cached: null }, null, "nobody says what came from a cache"],
    [{ ...USAGE, cached: 140 }, null, "more came from the cache than was sent"],
    [{ ...USAGE, input: null }, null, "the input is unknown"],
    [{ ...USAGE, cached: 0 }, 300 + 150, "nothing came from a cache"],
  ])("with %j costs %s: %s", async (usage, cost, _why) => {
    const price = { inputPerMillionUsd: 3, cachedPerMillionUsd: 0.3, outputPerMillionUsd: 15 };
    const { reply } = await providerOf(clientOf({ ...REPLY, usage }), { price }).ask(MESSAGES, { signal });
    expect(reply.usage.costMicroUsd).toBe(cost);
  });

  test("is priced whatever the cache gave where that has no price of its own", async () => {
    const price = { inputPerMillionUsd: 3, outputPerMillionUsd: 15 };
    const unknown = { ...REPLY, usage: { ...USAGE, cached: null } };
    const { reply } = await providerOf(clientOf(unknown), { price }).ask(MESSAGES, { signal });
    expect(reply.usage.costMicroUsd).toBe(300 + 150);
  });

  test("keeps the price that the provider told", async () => {
    const told = { ...REPLY, usage: { ...USAGE, costMicroUsd: 7 } };
    const price = { inputPerMillionUsd: 3, outputPerMillionUsd: 15 };
    const { reply } = await providerOf(clientOf(told), { price }).ask(MESSAGES, { signal });
    expect(reply.usage.costMicroUsd).toBe(7);
  });

  test("is recorded with unknown usage rather than lost when the client tells nonsense", async () => {
    const odd = {
      text: "paid",
      finishReason: "banana",
      usage: { input: -1, output: Number.NaN, cached: "7" },
    };
    const { reply } = await providerOf(clientOf(odd as never)).ask(MESSAGES, { signal });
    expect(reply).toEqual({
      text: "paid",
      finishReason: "other",
      model: "m",
      usage: { input: null, cached: null, output: null, reasoning: null, costMicroUsd: null },
    });
  });

  test("is copied, so that a client may go on using its own objects", async () => {
    const own = { ...REPLY, usage: { ...USAGE } };
    const { reply } = await providerOf(clientOf(own)).ask(MESSAGES, { signal });
    own.usage.input = 999;
    expect(reply.usage.input).toBe(100);
  });

  test("without text is a failed request", async () => {
    const error = await failureOf(providerOf(clientOf({ usage: USAGE } as never)).ask(MESSAGES, { signal }));
    expect(error.message).toContain("The client of m replied without text: undefined");
  });
});

describe("backing off", () => {
  test("takes twice as long each time, a minute at most", async () => {
    const environment = sleeper();
    const failures = Array.from({ length: 9 }, () => failure("overloaded"));
    await providerOf(clientOf(...failures), { environment, maxRetries: 20 }).ask(MESSAGES, { signal });
    expect(environment.slept).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  test.each([3_600_001, 86_400_000, 1e300])(
    "ends where the provider asks to wait %s ms",
    async (retryAfterMs) => {
      const environment = sleeper();
      const client = clientOf(failure("rate_limit", { retryAfterMs }));
      const error = await failureOf(providerOf(client, { environment }).ask(MESSAGES, { signal }));
      expect(environment.slept).toEqual([]);
      expect(client.asked.length).toBe(1);
      expect(error.message).toMatch(
        /^it was rate_limit\. The provider asks to wait until .*Z, .*: try again then\.$/,
      );
      expect(error.attempts).toMatchObject([{ outcome: "rate_limit" }]);
    },
  );

  test.each([
    [5000, 5000],
    [3_600_000, 3_600_000],
    [10, 500],
    [Number.NaN, 500],
    [Number.POSITIVE_INFINITY, 500],
    ["soon", 500],
  ])("waits as long as the provider asks (%s)", async (retryAfterMs, slept) => {
    const environment = sleeper();
    await providerOf(clientOf(failure("rate_limit", { retryAfterMs })), { environment }).ask(MESSAGES, {
      signal,
    });
    expect(environment.slept).toEqual([slept]);
  });

  test("holds back every request to the client, and counts once what failed together", async () => {
    const environment = sleeper();
    const gate = Promise.withResolvers<void>();
    let sent = 0;
    const client: Client = {
      protocol: 1,
      model: "m",
      async chat() {
        sent += 1;
        if (sent > 8) return REPLY;
        await gate.promise;
        throw failure("rate_limit");
      },
    };
    const provider = providerOf(client, { environment });
    const asking = Array.from({ length: 8 }, () => provider.ask(MESSAGES, { signal }));
    await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    await Promise.all(asking);
    expect(sent).toBe(16);
    expect(Math.max(...environment.slept)).toBe(500);
  });

  test("begins anew after a success", async () => {
    const environment = sleeper();
    const client = clientOf(failure("network"), failure("network"), REPLY, failure("network"), REPLY);
    const provider = providerOf(client, { environment });
    await provider.ask(MESSAGES, { signal });
    await provider.ask(MESSAGES, { signal });
    expect(environment.slept).toEqual([500, 1000, 500]);
  });
});
