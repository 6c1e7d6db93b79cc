import type { LanguageSamples } from "../language-samples.ts";
import { blockSamples } from "./block-samples.ts";
import { contextSamples } from "./context-samples.ts";
import { handleSamples } from "./handle-samples.ts";
import { limitSamples } from "./limit-samples.ts";
import { pythonCode } from "./python-code.ts";
import { repeatSamples } from "./repeat-samples.ts";
import { transportSamples } from "./transport-samples.ts";
import { valueSamples } from "./value-samples.ts";

/** Python for `runtimeContract`. */
export const pythonSamples: LanguageSamples = {
  code: pythonCode,
  programs: {
    blocks: blockSamples,
    values: valueSamples,
    handles: handleSamples,
    contexts: contextSamples,
    repeats: repeatSamples,
    limits: limitSamples,
    transports: transportSamples,
  },
};
