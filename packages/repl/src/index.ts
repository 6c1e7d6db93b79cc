export type { ChannelTimes } from "./channel-port.ts";
export { type ChannelRuntimeOptions, channelRuntime } from "./channel-runtime.ts";
export { Housekeeper, type HousekeeperOptions, type Stay } from "./housekeeper.ts";
export { javascriptLanguage } from "./javascript-language.ts";
export { type CodePlace, codeExcerpt } from "./language/code-excerpt.ts";
export { type CompiledBlock, compileBlock } from "./language/compile-block.ts";
export { javascriptKernel } from "./language/javascript-kernel.ts";
export { exampleBlock, keyExample, type Teaching, teachingSections } from "./language/teaching.ts";
export { MemoryWatch, ownMB, residentMB, type WatchedProcess } from "./memory-watch.ts";
export {
  channelTimes,
  languageOption,
  limitsOption,
  timeOption,
  timeProblems,
  timesOption,
  waitingTime,
} from "./options/channel-options.ts";
export { checkOptions } from "./options/check-options.ts";
export {
  anyNumber,
  type GivenOptions,
  namedValues,
  type OptionRange,
  optionRecord,
  wholeNumber,
  word,
  words,
} from "./options/option-schemas.ts";
export { packageFile } from "./package-file.ts";
export { RealmRepl, type RealmReplOptions } from "./realm/realm-repl.ts";
export type { BlockText, ReplLanguage, ServerProgram } from "./repl-language.ts";
export { type EntryEnd, type LostState, replSession, type SandboxPort } from "./repl-session.ts";
export { REPLAY_PATIENCE } from "./replay-patience.ts";
export { readThrough, type ServedRepl, type ServeReplOptions, serveRepl } from "./serve-repl.ts";
export { settlesWithin } from "./settles-within.ts";
export { TextTail } from "./text-tail.ts";
export { unblamed } from "./unblamed.ts";
export type { Channel } from "./wire/channel.ts";
export { decodeTurn, type TurnExpectation } from "./wire/decode-turn.ts";
export type { EvaluatorLimits } from "./wire/evaluator-spec.ts";
export {
  decodeReply,
  decodeRequest,
  encodeFrame,
  type FailedLimit,
  type ReplyFrame,
  type RequestFrame,
  WIRE_PROTOCOL,
} from "./wire/frames.ts";
export { type LineChannelOptions, lineChannel } from "./wire/line-channel.ts";
