// The processes of this machine, and which of them descend from a sandbox.
//
// Owns: one reading of /proc at a time. Does not own: any process. Invariants: (1) whoever asks gets a reading that
// began after it asked; (2) who asks while one is under way shares the next one, so that closing n sandboxes at
// once takes two readings, not n.
import { readdir, readFile } from "node:fs/promises";
import { MARKER } from "./launch.ts";

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly marker: string | null;
}

/** A sandbox as its processes can be told by. */
export interface Lineage {
  readonly pid: number;
  readonly marker: string;
}

/** Finds processes that left their group. Knows none where there is no /proc. */
export class ProcessTable {
  #reading: Promise<readonly ProcessEntry[]> | null = null;
  #next: Promise<readonly ProcessEntry[]> | null = null;

  /** Ids of what descends from the sandbox: through living parents, or with its mark in the environment. */
  async descendants({ pid, marker }: Lineage): Promise<readonly number[]> {
    if (process.platform !== "linux") return [];
    const entries = await this.#read();
    const found = new Set(entries.filter((entry) => entry.marker === marker).map((entry) => entry.pid));
    const children = Map.groupBy(entries, (entry) => entry.parent);
    // A set gives also what is added while it is walked.
    const family = new Set([pid, ...found]);
    for (const member of family) for (const child of children.get(member) ?? []) family.add(child.pid);
    family.delete(pid);
    return [...family];
  }

  #read(): Promise<readonly ProcessEntry[]> {
    if (this.#reading === null) {
      this.#reading = readAll().finally(() => {
        this.#reading = null;
      });
      return this.#reading;
    }
    this.#next ??= this.#reading.then(() => {
      this.#next = null;
      return this.#read();
    });
    return this.#next;
  }
}

async function readAll(): Promise<readonly ProcessEntry[]> {
  const names = await readdir("/proc").catch(() => []);
  const entries = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readEntry));
  return entries.filter((entry) => entry !== null);
}

/** Processes of other users, and those that just ended, have no mark to be read. */
async function readEntry(name: string): Promise<ProcessEntry | null> {
  const [status, environment] = await Promise.all([
    readFile(`/proc/${name}/stat`, "latin1").catch(() => null),
    readFile(`/proc/${name}/environ`, "latin1").catch(() => ""),
  ]);
  if (status === null) return null;
  // The second field is the program's name in brackets, and may itself hold brackets and blanks.
  const [state, parent] = status.slice(status.lastIndexOf(")") + 2).split(" ");
  if (state === "Z") return null;
  const mark = environment.split("\0").find((line) => line.startsWith(`${MARKER}=`));
  return { pid: Number(name), parent: Number(parent), marker: mark?.slice(MARKER.length + 1) ?? null };
}
