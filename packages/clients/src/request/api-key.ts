import { RLMError } from "@rlmflow/core";

/** Where a client looks for its key. */
export interface KeySource {
  readonly apiKey?: string;
  readonly apiKeyVariable?: string;
  readonly baseURL?: string;
}

/** What is sent to a server that was named by address and for which no key is known. */
export const PLACEHOLDER_KEY = "none";

/**
 * The key to send: the option, else the environment variable, else `missing_key` that names it. The default
 * variable holds the provider's own key and is never read for a `baseURL`: such a server gets a placeholder
 * unless `apiKey` or `apiKeyVariable` says otherwise.
 */
export function apiKeyOf(source: KeySource, factory: string, defaultVariable: string): string {
  if (source.apiKey !== undefined) return source.apiKey;
  if (source.baseURL !== undefined && source.apiKeyVariable === undefined) return PLACEHOLDER_KEY;
  const variable = source.apiKeyVariable ?? defaultVariable;
  const key = process.env[variable]?.trim();
  if (key !== undefined && key !== "") return key;
  throw new RLMError(
    "missing_key",
    `${factory} has no key. Set the environment variable ${variable} or pass the option apiKey.`,
    { details: { variable } },
  );
}

const NAME_OF_KEY = /authorization|key|token/i;

/** Whether the server gets a key, which may be in a header. A placeholder does not count. */
export function isKeySent(
  apiKey: string,
  { headers = {} }: { readonly headers?: Readonly<Record<string, string>> },
): boolean {
  return apiKey !== PLACEHOLDER_KEY || Object.keys(headers).some((name) => NAME_OF_KEY.test(name));
}
