import type { Runtime } from "@rlmflow/core";
import type { ReplSession } from "@rlmflow/core/driver";
import { runtimeContract } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, docker, IMAGE, labelled } from "./engine.ts";

const LABEL = "rlmflow.test.contract";
const containers = new WeakMap<ReplSession, string>();

/** A runtime of which the container is known of each session that is alone and opened when no other is. */
function make(): Runtime {
  const options = { image: IMAGE, labels: { [LABEL]: "" }, memoryMB: 256, timeMs: 3_000 };
  const runtime = dockerRuntime({ ...options, times: { wallMs: 10_000 } });
  const { open } = runtime;
  runtime.open = async (spec) => {
    if (!spec.alone) return await open.call(runtime, spec);
    const before = await labelled(LABEL);
    const session = await open.call(runtime, spec);
    const made = (await labelled(LABEL)).find((name) => name.startsWith("/") && !before.includes(name));
    if (made !== undefined) containers.set(session, made.slice(1));
    return session;
  };
  return runtime;
}

describeWithEngine("the runtime of a container per agent keeps the contract", () => {
  const driver = {
    name: "docker",
    make,
    patienceMs: 60_000,
    sessions: 16,
    kill: async (session: ReplSession) => docker.getContainer(containers.get(session) ?? "").kill(),
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run);

  test("and leaves nothing behind", async () => {
    expect(await labelled(LABEL)).toEqual([]);
  });
});
