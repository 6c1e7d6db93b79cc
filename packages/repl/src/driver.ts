// What this repository's runtimes and languages share.

// Options of runtimes.
export { checkOptions } from "./options/check-options.ts";
export {
  optionRecord,
  type GivenOptions,
  namedValues,
  wholeNumber,
  anyNumber,
  type OptionRange,
  word,
  words,
} from "./options/option-schemas.ts";
export {
  limitsOption,
  languageOption,
  timeOption,
  timesOption,
  timeProblems,
  channelTimes,
  waitingTime,
} from "./options/channel-options.ts";

// Sandboxes that run.
export { ownMB } from "./memory-watch.ts";
export { settlesWithin } from "./settles-within.ts";
export { REPLAY_PATIENCE } from "./replay-patience.ts";
export { packageFile } from "./package-file.ts";

// The wire.
export {
  WIRE_PROTOCOL,
  type RequestFrame,
  decodeRequest,
  type ReplyFrame,
  decodeReply,
  encodeFrame,
  type FailedLimit,
} from "./wire/frames.ts";
export { decodeActivation, type ActivationExpectation } from "./wire/decode-activation.ts";
export { readThrough } from "./serve-repl.ts";

// What a language teaches and shows of code.
export { type Teaching, teachingSections, exampleBlock, keyExample } from "./language/teaching-sections.ts";
export { type CodePlace, codeExcerpt } from "./language/code-excerpt.ts";
