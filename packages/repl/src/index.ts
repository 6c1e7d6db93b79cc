export type { ChannelTimes } from "./channel-port.ts";
export { type ChannelRuntimeOptions, channelRuntime } from "./channel-runtime.ts";
export type { EvaluatorLimits } from "./evaluator/spec.ts";
export { type CompiledBlock, compileBlock } from "./language/compile-block.ts";
export { javascriptKernel } from "./language/javascript-kernel.ts";
export { type EntryEnd, type LostState, replSession, type SandboxPort } from "./repl-session.ts";
export { readThrough, type ServedRepl, type ServeReplOptions, serveRepl } from "./serve-repl.ts";
export type { Channel } from "./wire/channel.ts";
export { decodeTurn, type TurnExpectation } from "./wire/decode-turn.ts";
export { evaluatorSpec } from "./wire/evaluator-texts.ts";
export {
  decodeReply,
  decodeRequest,
  encodeFrame,
  type FailedLimit,
  type ReplyFrame,
  type RequestFrame,
  WIRE_PROTOCOL,
} from "./wire/frames.ts";
