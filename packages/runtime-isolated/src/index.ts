export { isolatedRuntime } from "./isolated-runtime.ts";
export type { IsolatedRuntimeLimits, IsolatedRuntimeOptions } from "./options.ts";
