import { spawnSync } from "node:child_process";
import { join } from "node:path";
import Docker from "dockerode";
import { describe } from "vitest";

/** The image that the tests run on, made of this machine's own programs when the engine does not have it. */
export const IMAGE = "rlmflow-test";

export const docker: Docker = new Docker();

const reason = await docker.ping().then(
  () => null,
  (error: unknown) => `no Docker engine: ${error instanceof Error ? error.message : String(error)}`,
);

// Where the tests must say something, a missing engine is a failure of theirs.
if (reason !== null && process.env.CI)
  throw new Error(`The tests of runtime-docker need an engine: ${reason}.`);
if (reason === null) await ensureImage();

async function ensureImage(): Promise<void> {
  const found = await docker
    .getImage(IMAGE)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (found) return;
  const script = join(import.meta.dirname, "../scripts/base-image.mjs");
  const { status } = spawnSync(process.execPath, [script, IMAGE], { stdio: "inherit" });
  if (status !== 0) throw new Error(`${script} failed.`);
}

/** `describe` where there is an engine; else the tests are skipped, and their title says why. */
export function describeWithEngine(title: string, define: () => void): void {
  describe.skipIf(reason !== null)(reason === null ? title : `${title} (${reason})`, define);
}

/** Names of containers and volumes with the label, those of live runtimes included. */
export async function labelled(label: string): Promise<readonly string[]> {
  const filters = { label: [label] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  return [...containers.flatMap(({ Names }) => Names), ...Volumes.map(({ Name }) => Name)];
}
