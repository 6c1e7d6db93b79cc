/** `Date.parse` alone takes nearly everything for a date, `-1` for one in 2001. */
const HTTP_DATE = /^[A-Z][a-z]+, ?\d|^[A-Z][a-z]{2} [A-Z][a-z]{2} /;

/**
 * How long a response asks to wait, in milliseconds: `retry-after-ms`, else `retry-after` in seconds or as a
 * date, which is compared with the response's own date so that clocks need not agree.
 */
export function retryAfterMs(headers: Headers, now: number = Date.now()): number | undefined {
  const milliseconds = duration(headers.get("retry-after-ms"), 1);
  if (milliseconds !== undefined) return milliseconds;
  const value = headers.get("retry-after");
  const seconds = duration(value, 1000);
  if (seconds !== undefined || value === null) return seconds;
  const until = HTTP_DATE.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const serverNow = Date.parse(headers.get("date") ?? "");
  return Math.max(0, until - (Number.isNaN(serverNow) ? now : serverNow));
}

function duration(value: string | null, unit: number): number | undefined {
  if (value === null || !/^\d+(\.\d+)?$/.test(value.trim())) return undefined;
  return Math.ceil(Number(value) * unit);
}
