import { RLMError } from "@rlmflow/core";

/** Where a client looks for its key. */
interface KeySource {
  readonly apiKey?: string;
  readonly apiKeyVariable?: string;
  readonly baseURL?: string;
}

/** What is sent to a server that was named by address and for which no key is known. */
const PLACEHOLDER_KEY = "none";

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

const SHORTEST_SECRET = 8;
const NAME_OF_SECRET = /key|token|auth|secret|cookie|password/i;

/** The options of a client that may hold a secret, other than the key. */
export interface SecretSources {
  readonly headers?: Readonly<Record<string, string>>;
  readonly baseURL?: string;
}

/**
 * The texts that must not appear in messages: the key, the values of headers that are named after one, and the password
 * and keys in an address. A placeholder is not a secret.
 */
export function secretsOf(apiKey: string, { headers = {}, baseURL }: SecretSources): readonly string[] {
  const values = Object.entries(headers).flatMap(([name, value]) =>
    NAME_OF_SECRET.test(name) ? [value, ...value.split(/\s+/)] : [],
  );
  const secrets = [apiKey, ...values, ...secretsIn(baseURL)].filter(
    (value) => value.length >= SHORTEST_SECRET,
  );
  // The longest first: one may stand within another.
  return secrets.toSorted((one, other) => other.length - one.length);
}

function secretsIn(address: string | undefined): readonly string[] {
  if (address === undefined || !URL.canParse(address)) return [];
  const { password, searchParams } = new URL(address);
  const named = [...searchParams].filter(([name]) => NAME_OF_SECRET.test(name)).map(([, value]) => value);
  return [password, decodeURIComponent(password), ...named];
}

/** The text without the secrets: some servers quote the key that they refuse, and errors are kept and passed on. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
}
