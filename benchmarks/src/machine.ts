import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

/** The machine as the table names it. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  return `${model}, ${availableParallelism()} cores, ${gibibytes} GiB memory, Node ${process.version}, ${platform()} ${release()}`;
}

/** How much else the machine had to do: the load of the last minute, where the system knows it. */
export function describeLoad(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
