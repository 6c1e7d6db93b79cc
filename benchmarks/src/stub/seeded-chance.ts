/** A number from 0 up to 1 that depends on the text alone: FNV-1a, then a mixing of its bits. */
export function seededChance(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A draw from a Pareto distribution: never below 1, its tail heavier the smaller `shape` is. */
export function pareto(text: string, shape: number): number {
  return (1 - seededChance(text)) ** (-1 / shape);
}
