import type { IsolatedRuntimeSettings } from "../options.ts";
import type { PooledProcess } from "./pooled-process.ts";
import type { Party } from "./waiting-line.ts";

/** One seat that was taken or promised. */
export interface Tenancy {
  readonly party: Party;
}

/** Whom a process serves: agents of one tenant, or one agent alone. */
export interface BerthUser {
  readonly tenant: string;
  readonly alone: boolean;
}

/** A process, and what the pool knows about its users. */
export interface Berth {
  readonly process: PooledProcess;
  /** The group that it serves or served last; `null` if it was not used since it was started or cleared. */
  owner: BerthUser | null;
  readonly tenancies: Set<Tenancy>;
  starting: boolean;
  idle: NodeJS.Timeout | undefined;
}

/** Sessions after which a process takes no new ones, so that what isolates leave behind is given back. */
const SESSIONS_PER_PROCESS = 500;

/** True while one more agent of its owner may be in it. */
export function hasSeat({ owner, tenancies, process }: Berth, settings: IsolatedRuntimeSettings): boolean {
  if (owner === null || owner.alone || tenancies.size >= settings.agentsPerProcess) return false;
  return process.sessions < SESSIONS_PER_PROCESS;
}

/** True when an agent of this user may get a seat in it: nobody else is in it, or only agents of the same tenant. */
export function mayServe({ owner, tenancies }: Berth, { tenant, alone }: BerthUser): boolean {
  if (owner === null) return tenancies.size === 0;
  return owner.tenant === tenant && !owner.alone && !alone;
}

/** True when it should take no more agents, not even of its owner. */
export function isSpent({ owner, process }: Berth): boolean {
  return owner?.alone === true || process.sessions >= SESSIONS_PER_PROCESS;
}

/** True when another owner may have it once it is empty. */
export function mayPassOn(berth: Berth, settings: IsolatedRuntimeSettings): boolean {
  if (berth.owner === null) return true;
  return settings.reuseProcesses && !berth.process.tainted && !isSpent(berth);
}
