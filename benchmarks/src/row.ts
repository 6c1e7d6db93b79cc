/** One line of the table: a number, the bar it must stay below, and where it comes from. */
export interface Finding {
  readonly what: string;
  /** The median of the runs, in the unit. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** `x` for a ratio, else a unit of measure. */
  readonly unit: string;
  /** The most that `value` may be, or `null` where a number is only reported. */
  readonly bar: number | null;
  /** The figures behind the number, and under which conditions they were taken. */
  readonly detail: string;
  /** What keeps the number where it is; printed when the bar is missed. */
  readonly limitedBy?: string;
}

/** How much work to put into a row. */
export interface Effort {
  /** Interleaved runs of which the median is taken. */
  readonly runs: number;
  /** True when sizes may be cut to get an answer soon; such numbers are no proof. */
  readonly quick: boolean;
}

/** One row of the bars, measured in a process of its own. */
export interface Row {
  readonly id: number;
  readonly title: string;
  measure(effort: Effort): Promise<readonly Finding[]>;
}
