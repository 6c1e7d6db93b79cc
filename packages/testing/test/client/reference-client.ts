import {
  type Client,
  type FinishReason,
  type Message,
  type RequestFailure,
  RLMError,
  UNKNOWN_USAGE,
  type Usage,
} from "@rlmflow/core";
import type { ClientDriver, ProviderScript } from "@rlmflow/testing";

/** What a provider in this process says, piece by piece. */
interface Provider {
  readonly requests: string[];
  closed: number;
  answer(messages: readonly Message[]): AsyncGenerator<string, FinishReason, void>;
}

/** A driver whose provider lives in this process; `change` may break the client it makes. */
export function referenceDriver(
  change: (client: Client, script: ProviderScript) => Client = (client) => client,
): ClientDriver {
  return {
    async open(script) {
      const provider = providerOf(script);
      return {
        client: change(referenceClient(provider, script), script),
        seen: () => ({ requests: provider.requests, closed: provider.closed }),
        async close() {},
      };
    },
  };
}

function providerOf(script: ProviderScript): Provider {
  const requests: string[] = [];
  return {
    requests,
    closed: 0,
    async *answer(messages) {
      requests.push(JSON.stringify(messages));
      const { ending } = script;
      if (ending.kind === "refuse") throw failure(ending.refusal, ending.retryAfterMs, ending.said);
      for (const piece of script.text === "echo" ? [messages.at(-1)?.content ?? ""] : script.text) {
        await Promise.resolve();
        yield piece;
      }
      if (ending.kind === "error") throw failure("incomplete", undefined, ending.said);
      if (ending.kind === "cut") throw failure("network");
      if (ending.kind === "early_end") throw failure("incomplete");
      if (ending.kind === "silence") await Promise.withResolvers<never>().promise;
      return ending.kind === "finish" ? ending.reason : "other";
    },
  };
}

function referenceClient(provider: Provider, script: ProviderScript): Client {
  return {
    protocol: 1,
    model: "reference",
    async chat(messages, { signal, onText } = {}) {
      if (signal?.aborted) throw failure("aborted");
      const aborted = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => {
        provider.closed += 1;
        aborted.reject(failure("aborted"));
      });
      const pieces = provider.answer(messages);
      let text = "";
      for (;;) {
        const next = await Promise.race([pieces.next(), aborted.promise]);
        if (next.done) {
          const usage = usageOf(script);
          return { text, finishReason: next.value, usage, model: "reference" };
        }
        text += next.value;
        try {
          onText?.(next.value);
        } catch {
          // As the contract says.
        }
      }
    },
  };
}

/** A provider that reports zeros cannot count. */
function usageOf({ usage }: ProviderScript): Usage {
  if (usage === null) return UNKNOWN_USAGE;
  return { ...usage, input: usage.input || null, output: usage.output || null, costMicroUsd: null };
}

function failure(reason: RequestFailure, retryAfterMs?: number, said = "no more of it"): RLMError {
  const details = { reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  return new RLMError("request_failed", `The provider failed (${reason}): ${said}`, { details });
}
