/** A count as a provider reports it, or `null` when it reports none that can be one. */
export function reportedCount(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
