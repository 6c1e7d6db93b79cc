import type { Runtime } from "@rlmflow/core";

/** The same runtime, for which all runs are one group: their REPLs share processes, which take longer to start than isolates. */
export function oneGroup(inner: Runtime): Runtime {
  return {
    protocol: 1,
    name: inner.name,
    language: inner.language,
    isolation: inner.isolation,
    replay: inner.replay,
    open: (spec) => inner.open({ ...spec, group: "all" }),
    close: () => inner.close(),
  };
}
