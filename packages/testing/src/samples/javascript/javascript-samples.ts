import type { LanguageSamples } from "../language-samples.ts";
import { javascriptCode } from "../sample-code.ts";
import { blockSamples } from "./block-samples.ts";
import { contextSamples } from "./context-samples.ts";
import { handleSamples } from "./handle-samples.ts";
import { limitSamples } from "./limit-samples.ts";
import { repeatSamples } from "./repeat-samples.ts";
import { transportSamples } from "./transport-samples.ts";
import { valueSamples } from "./value-samples.ts";

/** JavaScript for `runtimeContract`; what it takes unless the driver names another language. */
export const javascriptSamples: LanguageSamples & Required<Pick<LanguageSamples, "programs">> = {
  code: javascriptCode,
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
