/** Shows how a run stands while it runs. What it shows it takes from the `RunProgress` it was made with. */
export interface ProgressView {
  /** The run has moved on. */
  update(): void;
  /** Says something above what is shown. */
  say(line: string): void;
  /** The run is over: what was shown is taken away, or the last of it written. */
  close(): void;
}

/** Shows nothing but what has to be said. */
export function silentView(write: (text: string) => void): ProgressView {
  return { update: () => {}, say: (line) => write(`${line}\n`), close: () => {} };
}
