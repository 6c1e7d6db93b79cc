export type {
  SubprocessEnvironment,
  SubprocessPermissions,
  SubprocessRuntimeOptions,
  SubprocessTimes,
} from "./options.ts";
export { subprocessRuntime } from "./subprocess-runtime.ts";
