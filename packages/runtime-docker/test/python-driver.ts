import { pythonLanguage } from "@rlmflow/repl-python";
import { pythonSamples } from "@rlmflow/testing";
import { dockerRuntime } from "../src/index.ts";
import { IMAGE } from "./engine.ts";

/** The contract's driver of Python in containers that agents share, which carry the label. */
export function pythonDriver(label: string) {
  const options = { image: IMAGE, language: pythonLanguage, labels: { [label]: "" }, share: "run" } as const;
  return {
    name: "docker, shared, python",
    make: () => dockerRuntime({ ...options, memoryMB: 1024, timeMs: 2_000, times: { wallMs: 10_000 } }),
    patienceMs: 60_000,
    sessions: 24,
    language: pythonSamples,
  };
}
