// A runtime made of channels to sandboxes.
export { type ChannelRuntimeOptions, channelRuntime } from "./channel-runtime.ts";
export type { ChannelTimes } from "./channel-port.ts";
export type { EvaluatorLimits } from "./wire/evaluator-spec.ts";
export type { Channel } from "./wire/channel.ts";
export { type LineChannelOptions, lineChannel } from "./wire/line-channel.ts";
export { type ServedRepl, type ServeReplOptions, serveRepl } from "./serve-repl.ts";

// Sandboxes of a runtime: who shares them, how large they grow, what they write as they end.
export { Housekeeper, type HousekeeperOptions, type Stay } from "./housekeeper.ts";
export { MemoryWatch, residentMB, type WatchedProcess } from "./memory-watch.ts";
export { TextTail } from "./text-tail.ts";
export { unblamed } from "./unblamed.ts";

// A runtime without a channel for each REPL.
export { type EntryEnd, type LostState, replSession, type SandboxPort } from "./repl-session.ts";
export { RealmRepl, type RealmReplOptions } from "./realm/realm-repl.ts";

// Languages.
export type { BlockText, ReplLanguage, ServerProgram } from "./repl-language.ts";
export { javascriptLanguage } from "./javascript-language.ts";
export { javascript } from "./language/javascript.ts";
export { type CompiledBlock, compileBlock } from "./language/compile-block.ts";
