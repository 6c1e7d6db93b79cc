import { dockerRuntime } from "../src/index.ts";
import { IMAGE } from "./engine.ts";

/** The contract's driver of the runtime whose agents share containers, which carry the label. */
export function sharedDriver(label: string) {
  const options = { image: IMAGE, labels: { [label]: "" }, share: "run" } as const;
  return {
    name: "docker, shared",
    make: () => dockerRuntime({ ...options, memoryMB: 1024, timeMs: 3_000, times: { wallMs: 10_000 } }),
    patienceMs: 60_000,
    sessions: 24,
  };
}
