import type { Runtime } from "@rlmflow/core";
import type { Activation, ReplSession } from "@rlmflow/core/driver";

/** What a REPL does when it is asked for everything it holds, right before it is closed. */
export type Probe = Omit<Activation, "codeMs">;

/** A runtime whose REPLs are probed before they are closed: the newest probe of each agent. */
export interface ProbingRuntime extends Runtime {
  readonly probes: ReadonlyMap<string, Probe>;
}

const PROBE_NOW = 2_000_000_000_000;

/** Tells every name and what it holds, then chance and time, then uses functions and handles. */
const PROBE_CODE = `
for (const { name } of VARIABLES()) {
  const value = globalThis[name];
  const text = value instanceof Map ? JSON.stringify([...value].map(([k, v]) => [k, v instanceof Set ? [...v] : v])) : JSON.stringify(value);
  print(name, typeof value, text === undefined ? String(value).slice(0, 200) : text.slice(0, 500));
  if (typeof value?.next === "function") print(value.next());
  if (typeof value?.step === "function") print(value.step());
}
print(VARIABLES(), Math.random(), Date.now(), new Date().toString());
for (const { name } of VARIABLES()) {
  if (/^f\\d/.test(name)) globalThis[name](1).then(print);
  if (/^h\\d/.test(name)) globalThis[name].then(print, () => {});
}
get(Math.floor(Math.random() * 1e9));
await llmQuery("probe");
`;

/** Wraps a runtime; the REPLs it gives are the inner runtime's. Closing it leaves the inner one open. */
export function probingRuntime(inner: Runtime): ProbingRuntime {
  const probes = new Map<string, Probe>();
  return {
    protocol: 1,
    name: inner.name,
    language: inner.language,
    isolation: inner.isolation,
    replay: inner.replay,
    probes,
    open: async (spec) =>
      probed(await inner.open(spec), (probe) => {
        probes.delete(spec.agentId);
        if (probe !== null) probes.set(spec.agentId, probe);
      }),
    close: async () => {},
  };
}

/** A REPL that is closed in the middle of an activation can't be probed. */
function probed(inner: ReplSession, tell: (probe: Probe | null) => void): ReplSession {
  let pending = 0;
  let closing: Promise<void> | null = null;
  const entering = async (activation: Promise<Activation>): Promise<Activation> => {
    pending += 1;
    try {
      return await activation;
    } finally {
      pending -= 1;
    }
  };
  const close = async () => {
    if (pending === 0) {
      const { codeMs, ...probe } = await inner.start({ id: "probe", code: PROBE_CODE, now: PROBE_NOW });
      tell(probe);
    } else tell(null);
    await inner.dispose();
  };
  return {
    start: (block) => entering(inner.start(block)),
    deliver: (answer) => entering(inner.deliver(answer)),
    dispose: async () => {
      closing ??= close();
      await closing;
    },
  };
}
