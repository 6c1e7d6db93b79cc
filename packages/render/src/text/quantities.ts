/** A count in at most four characters and a unit: `310`, `12.4k`, `9.1M`. */
export function formatCount(count: number): string {
  if (count < 1000) return String(count);
  for (const [unit, size] of [
    ["k", 1e3],
    ["M", 1e6],
    ["G", 1e9],
  ] as const) {
    const scaled = count / size;
    if (scaled < 999.5 || unit === "G")
      return `${scaled < 99.95 ? scaled.toFixed(1) : scaled.toFixed(0)}${unit}`;
  }
  return String(count);
}

/** A short count with its noun: `1 token`, `12.4k tokens`. */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Millionths of a dollar as dollars: `$3.42`, below a cent with four places. */
export function formatCost(microUsd: number): string {
  const dollars = microUsd / 1e6;
  return `$${dollars !== 0 && dollars < 0.01 ? dollars.toFixed(4) : dollars.toFixed(2)}`;
}

/** A span of time: `0.3s`, `41.0s`, `4m12s`, `2h05m`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${twoDigits(whole % 60)}s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
