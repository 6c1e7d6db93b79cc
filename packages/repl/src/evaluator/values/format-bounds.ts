/** How much of a value is shown. */
export interface FormatBounds {
  /** Values in all. */
  readonly nodes: number;
  readonly depth: number;
  /** Elements of one collection. */
  readonly items: number;
  /** Characters of one nested string, and of the whole. */
  readonly text: number;
  readonly total: number;
  /** Everything on one line. */
  readonly oneLine: boolean;
}
