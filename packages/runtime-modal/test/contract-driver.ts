import type { Runtime } from "@rlmflow/core";
import type { ReplSession, ReplSpec } from "@rlmflow/core/driver";
import type { RuntimeDriver } from "@rlmflow/testing";
import type { Sandbox } from "modal";
import { type ModalRuntimeOptions, modalRuntime } from "../src/index.ts";

/** Brings the contract to a runtime on Modal; the limits are tight, as the contract goes up to them. */
export function modalDriver(name: string, options: ModalRuntimeOptions = {}): RuntimeDriver {
  const specs = new WeakMap<ReplSession, ReplSpec>();
  return {
    name,
    patienceMs: 30_000,
    make: () => remembering(modalRuntime({ timeMs: 5_000, memoryLimitMiB: 512, ...options }), specs),
    async kill(session) {
      const spec = specs.get(session);
      const tags = { "rlmflow-run": spec?.group ?? "", "rlmflow-agent": spec?.agentId ?? "" };
      for (const sandbox of await sandboxesWith(tags)) await sandbox.terminate();
    },
  };
}

/** Sandboxes that run and have the tags, as one would look for those that a killed process has left behind. */
export async function sandboxesWith(tags: Record<string, string>): Promise<readonly Sandbox[]> {
  const { ModalClient } = await import("modal");
  const client = new ModalClient();
  const { appId } = await client.apps.fromName("rlmflow", { createIfMissing: true });
  return await Array.fromAsync(client.sandboxes.list({ appId, tags }));
}

function remembering(runtime: Runtime, specs: WeakMap<ReplSession, ReplSpec>): Runtime {
  const { protocol, name, language, isolation, replay } = runtime;
  return {
    ...{ protocol, name, language, isolation, replay },
    async open(spec) {
      const session = await runtime.open(spec);
      specs.set(session, { ...spec, contexts: [] });
      return session;
    },
    close: () => runtime.close(),
  };
}
