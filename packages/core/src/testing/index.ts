export type { AttackCase, AttackExpectation } from "./attack-corpus/attack-case.ts";
export { attackCases } from "./attack-corpus/attack-cases.ts";
export type { AttackOptions } from "./attack-corpus/attack-corpus.ts";
export { attackCorpus } from "./attack-corpus/attack-corpus.ts";
export { type CheckRunOptions, checkRun } from "./check-run.ts";
export { clientContract } from "./client-contract.ts";
export type {
  ClientDriver,
  ClientRig,
  ProviderEnding,
  ProviderRefusal,
  ProviderScript,
  ProviderView,
  TokenCounts,
} from "./client-driver.ts";
export type { ContractCheck } from "./contract.ts";
export { ensure, ensureEqual, refusals, rejectionOf, within } from "./contract.ts";
export type { FixedEnvironmentOptions } from "./fixed-environment.ts";
export { fixedEnvironment } from "./fixed-environment.ts";
export type { RuntimeDriver } from "./runtime/runtime-driver.ts";
export type { SampleCode } from "./runtime/sample-code.ts";
export { javascriptSamples } from "./runtime/samples/javascript/javascript-samples.ts";
export type { LanguageSamples } from "./runtime/samples/language-samples.ts";
export { pythonSamples } from "./runtime/samples/python/python-samples.ts";
export type { SamplePrograms } from "./runtime/samples/sample-programs.ts";
export { runtimeContract } from "./runtime-contract.ts";
export type { Script, ScriptedClientOptions, ScriptedReply, ScriptedRequest } from "./scripted-client.ts";
export { scriptedClient } from "./scripted-client.ts";
export type { StatedExceptions } from "./stated-exceptions.ts";
export type { StoreDriver, StorePlace } from "./store/store-driver.ts";
export { storeContract } from "./store-contract.ts";
