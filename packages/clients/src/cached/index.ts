export type { CachedClientOptions } from "./cached-client.ts";
export { cachedClient } from "./cached-client.ts";
