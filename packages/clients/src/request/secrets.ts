const SHORTEST_SECRET = 8;
const NAME_OF_SECRET = /key|token|auth|secret|cookie|password/i;

/** What must not be told: the key, and what the headers that are named after one carry. Placeholders are no secrets. */
export function secretsOf(apiKey: string, headers: Readonly<Record<string, string>> = {}): readonly string[] {
  const values = Object.entries(headers).flatMap(([name, value]) =>
    NAME_OF_SECRET.test(name) ? [value, ...value.split(/\s+/)] : [],
  );
  const secrets = [apiKey, ...values].filter((value) => value.length >= SHORTEST_SECRET);
  // The longest first: one may stand within another.
  return secrets.toSorted((one, other) => other.length - one.length);
}

/** The text without the secrets: some servers quote the key that they refuse, and errors are kept and passed on. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
}
