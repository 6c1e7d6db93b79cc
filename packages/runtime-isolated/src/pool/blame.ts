import type { LostState } from "@rlmflow/repl";
import type { IsolatedRuntimeLimits } from "../options.ts";
import type { Broken } from "../wire.ts";

/** Why a sandbox process ended. */
export type Death =
  /** These sessions' isolates gave no answer within the wall time. */
  | { readonly kind: "hung"; readonly sessions: ReadonlySet<number> }
  | { readonly kind: "memory" }
  /** `heap` when it said on its way down that an isolate wanted more memory than it can have. */
  | { readonly kind: "crashed"; readonly how: string; readonly heap: boolean }
  /** It wrote what no sandbox process writes. */
  | { readonly kind: "violated"; readonly what: string }
  /** The engine ended it, with nobody at fault. */
  | { readonly kind: "ended"; readonly why: string };

/** One REPL of the process at the moment of its death. */
export interface Occupant {
  readonly session: number;
  /** A block has been started in it: its heap may be large. */
  readonly begun: boolean;
  /** Code was running, or was to run, at that moment; that of a REPL which was given up may still have run. */
  readonly executing: boolean;
}

type Limits = Required<IsolatedRuntimeLimits>;

/**
 * What each occupant's activation, the one under way or the next, says of the death. A block is blamed when nobody
 * else can have done it: it hung; it alone was executing at a crash; it alone was executing, with no other
 * heap beside it, when memory ran out.
 */
export function blame(death: Death, occupants: readonly Occupant[], limits: Limits): Map<number, LostState> {
  const culprits = culpritsOf(death, occupants);
  return new Map(
    occupants.map(({ session }) => [
      session,
      culprits.has(session) ? guilty(death, limits) : bystander(death),
    ]),
  );
}

/** The loss of a REPL whose isolate broke a limit while its process lives on. */
export function brokenState(broken: Broken, limits: Limits): LostState {
  switch (broken.reason) {
    case "time":
      return lostTo("timeMs", limits);
    case "memory":
      return lostTo("memoryMB", limits);
    case "size":
      return blamed(`The block gave the host more at a time than it takes: ${broken.message}.`);
    case "fault":
      return blamed(`The REPL could not go on: ${broken.message}`);
  }
}

function culpritsOf(death: Death, occupants: readonly Occupant[]): ReadonlySet<number> {
  const executing = occupants.filter((occupant) => occupant.executing).map(({ session }) => session);
  const begun = occupants.filter((occupant) => occupant.begun).length;
  const nobody = new Set<number>();
  switch (death.kind) {
    case "hung":
      return death.sessions;
    case "memory":
      return executing.length === 1 && begun === 1 ? new Set(executing) : nobody;
    case "crashed":
    case "violated":
      return executing.length === 1 ? new Set(executing) : nobody;
    case "ended":
      return nobody;
  }
}

function guilty(death: Death, limits: Limits): LostState {
  switch (death.kind) {
    case "hung":
      return lostTo("wallMs", limits);
    case "memory":
      return lostTo("rssMB", limits);
    case "crashed":
      return death.heap
        ? lostTo("memoryMB", limits)
        : blamed(`The block crashed its sandbox (${death.how}).`);
    case "violated":
      return blamed(`The block's sandbox broke the protocol: ${death.what}.`);
    case "ended":
      return bystander(death);
  }
}

function bystander(death: Death): LostState {
  return { kind: "lost", blame: "none", message: `The sandbox process is gone: ${reasonOf(death)}.` };
}

function reasonOf(death: Death): string {
  switch (death.kind) {
    case "hung":
      return "code in it could not be interrupted";
    case "memory":
      return "it used too much memory";
    case "crashed":
      return death.how;
    case "violated":
      return death.what;
    case "ended":
      return death.why;
  }
}

function lostTo(name: keyof Limits, limits: Limits): LostState {
  const value = limits[name];
  const texts: Readonly<Record<keyof Limits, string>> = {
    timeMs: `The block computed for more than ${value} ms at a stretch.`,
    wallMs: `The block gave no answer for ${value} ms and could not be interrupted.`,
    memoryMB: `The block used more than ${value} MB of memory.`,
    rssMB: `The block's sandbox process used more than ${value} MB of memory.`,
  };
  const unit = name.endsWith("Ms") ? "ms" : "MB";
  return { kind: "lost", blame: "block", message: texts[name], limit: { name, value, unit } };
}

function blamed(message: string): LostState {
  return { kind: "lost", blame: "block", message };
}
