/**
 * Which option or command needs which package that `npm install @rlmflow/cli` does not fetch. Each is an optional peer
 * of this package, and this is the only file that names them.
 */
export const OPTIONAL_PACKAGES = {
  "--runtime isolated": {
    name: "@rlmflow/runtime-isolated",
    load: () => import("@rlmflow/runtime-isolated"),
  },
  "--runtime local": { name: "@rlmflow/runtime-local", load: () => import("@rlmflow/runtime-local") },
  "--runtime subprocess": {
    name: "@rlmflow/runtime-subprocess",
    load: () => import("@rlmflow/runtime-subprocess"),
  },
  "--runtime docker": { name: "@rlmflow/runtime-docker", load: () => import("@rlmflow/runtime-docker") },
  "docker build": { name: "@rlmflow/runtime-docker", load: () => import("@rlmflow/runtime-docker") },
  "--runtime modal": { name: "@rlmflow/runtime-modal", load: () => import("@rlmflow/runtime-modal") },
  "--language python": { name: "@rlmflow/repl-python", load: () => import("@rlmflow/repl-python") },
  "--files": { name: "@rlmflow/tools", load: () => import("@rlmflow/tools") },
  "checking JavaScript": { name: "@rlmflow/repl", load: () => import("@rlmflow/repl") },
  "checking Python": { name: "@rlmflow/repl-python", load: () => import("@rlmflow/repl-python") },
} as const;

/** What the user asked for that needs a package. */
export type Need = keyof typeof OPTIONAL_PACKAGES;

/** The SDKs, which `@rlmflow/clients` loads with the first request. Their versions are its business. */
export const CLIENT_SDKS = {
  "--provider openai": "openai",
  "--provider anthropic": "@anthropic-ai/sdk",
} as const;

/** A provider, as the option that chooses it. */
export type SdkNeed = keyof typeof CLIENT_SDKS;
