/** A count with its noun: `1 node`, `31 nodes`, `2 replies`. */
export function counted(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
