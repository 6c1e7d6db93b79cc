import type { DockerEngine } from "../engine/docker-engine.ts";
import { hasStatus } from "../engine/engine-failure.ts";
import { isForsaken, NONCE_LABEL, RUNTIME_LABEL } from "./labels.ts";

/** A container of ours that ended this long ago has nobody left to remove it, wherever its process was. */
const FORGOTTEN_MS = 600_000;
const REMOVE_MS = 20_000;

/**
 * Removes what runtimes have left whose process is gone: killed, or its machine restarted. What a live process
 * holds is never touched. Resolves in bounded time; what can't be removed stays for the next time.
 */
export async function sweepForgotten(engine: DockerEngine): Promise<void> {
  const filters = { label: [RUNTIME_LABEL] };
  const containers = await engine.call("list its containers", () =>
    engine.docker.listContainers({ all: true, filters }),
  );
  const doubtful = containers.map(async ({ Id, Labels, State, Created }) => {
    if (isForsaken(Labels)) return Id;
    const isOver = State === "exited" || State === "dead" || State === "created";
    if (!isOver || Created * 1000 > Date.now() - FORGOTTEN_MS) return null;
    return (await endedLongAgo(engine, Id)) ? Id : null;
  });
  const forgotten = (await Promise.all(doubtful)).filter((id) => id !== null);
  await Promise.allSettled(forgotten.map((id) => removeContainer(engine, id)));
  const { Volumes } = await engine.call("list its volumes", () => engine.docker.listVolumes({ filters }));
  // Where there are none, some engines say null.
  const left = (Volumes ?? []).filter(({ Labels }) => isForsaken(Labels));
  await Promise.allSettled(left.map(({ Name }) => removeVolume(engine, Name)));
}

/** Removes all that carries the nonce. Gives the names of what could not be removed. */
export async function sweepNonce(engine: DockerEngine, nonce: string): Promise<readonly string[]> {
  const filters = { label: [`${NONCE_LABEL}=${nonce}`] };
  const containers = await engine.call(
    "list its containers",
    () => engine.docker.listContainers({ all: true, filters }),
    REMOVE_MS,
  );
  const removed = await Promise.allSettled(containers.map(({ Id }) => removeContainer(engine, Id)));
  return containers.flatMap(({ Names, Id }, index) =>
    removed[index]?.status === "rejected" ? (Names[0]?.slice(1) ?? Id) : [],
  );
}

/** Kills and removes a container with its volumes. One that is gone, or on its way, is fine. */
export async function removeContainer(engine: DockerEngine, id: string): Promise<void> {
  const removal = (): Promise<unknown> => engine.docker.getContainer(id).remove({ force: true, v: true });
  await tolerantly(engine.call("remove a container", removal, REMOVE_MS));
}

/** Removes a volume. One that is gone is fine. */
export async function removeVolume(engine: DockerEngine, name: string): Promise<void> {
  await tolerantly(
    engine.call("remove a volume", () => engine.docker.getVolume(name).remove({ force: true }), REMOVE_MS),
  );
}

async function tolerantly(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!hasStatus(error, 404, 409)) throw error;
  }
}

async function endedLongAgo(engine: DockerEngine, id: string): Promise<boolean> {
  try {
    const { State } = await engine.call("inspect a container", () =>
      engine.docker.getContainer(id).inspect(),
    );
    // One that never ran says that it ended in the year 1.
    return new Date(State.FinishedAt).getTime() < Date.now() - FORGOTTEN_MS;
  } catch {
    return false;
  }
}
