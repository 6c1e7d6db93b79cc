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
