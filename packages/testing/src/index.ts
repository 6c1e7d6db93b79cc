// A model without a model, and an environment without chance.
export {
  type Script,
  type ScriptedClientOptions,
  type ScriptedReply,
  type ScriptedRequest,
  scriptedClient,
} from "./scripted-client.ts";
export { type FixedEnvironmentOptions, fixedEnvironment } from "./fixed-environment.ts";

// The laws of runs.
export { type CheckRunOptions, checkRun } from "./run/check-run.ts";

// Contracts, each for a driver.
export { runtimeContract } from "./runtime/runtime-contract.ts";
export type { RuntimeDriver } from "./runtime/runtime-driver.ts";
export { clientContract } from "./client/client-contract.ts";
export type {
  ClientDriver,
  ClientRig,
  ProviderEnding,
  ProviderRefusal,
  ProviderScript,
  ProviderView,
  TokenCounts,
} from "./client/client-driver.ts";
export { storeContract } from "./store/store-contract.ts";
export type { StoreDriver, StorePlace } from "./store/store-driver.ts";
export type { StatedExceptions } from "./contract/stated-exceptions.ts";

// The code that the contract of runtimes runs, by language.
export { javascriptSamples } from "./samples/javascript/javascript-samples.ts";
export { pythonSamples } from "./samples/python/python-samples.ts";
export type { LanguageSamples } from "./samples/language-samples.ts";
export type { SampleCode } from "./samples/sample-code.ts";
export type { SamplePrograms } from "./samples/sample-programs.ts";

// Hostile programs.
export { type AttackOptions, attackCorpus } from "./attack-corpus/attack-corpus.ts";
export { attackCases } from "./attack-corpus/attack-cases.ts";
export type { AttackCase, AttackExpectation } from "./attack-corpus/attack-case.ts";

// For checks and contracts of one's own.
export {
  type ContractCheck,
  ensure,
  ensureEqual,
  refusals,
  rejectionOf,
  within,
} from "./contract/contract.ts";
