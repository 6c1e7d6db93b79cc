import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { RLMError } from "@rlmflow/core";
import type { DockerEngine } from "../engine/docker-engine.ts";
import { fileArchive } from "../engine/file-archive.ts";
import { removeContainer } from "../owner/sweep.ts";
import { type DockerRuntimeSettings, PROGRAM_FOLDER } from "../resolve-options.ts";

/** A volume for one runtime, and what finds it again. */
export interface VolumeOrder {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Makes a volume with the server program in it. Containers see it read-only: so the program is never another
 * version than ours, the image needs nothing but an interpreter, and the engine may be on another machine. A
 * container that is never started takes the file in.
 */
export async function makeProgramVolume(
  engine: DockerEngine,
  { image, language }: DockerRuntimeSettings,
  { name, labels }: VolumeOrder,
): Promise<void> {
  const archive = await programArchive(language.server.file);
  await engine.call("make a volume", () => engine.docker.createVolume({ Name: name, Labels: { ...labels } }));
  const container = await engine.call("make a container", () =>
    engine.docker.createContainer({
      name: `${name}-program`,
      Image: image,
      Entrypoint: ["none"],
      Labels: { ...labels },
      NetworkDisabled: true,
      HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: name, Target: PROGRAM_FOLDER }] },
    }),
  );
  try {
    const take = async (): Promise<unknown> =>
      text(await container.putArchive(archive, { path: PROGRAM_FOLDER }));
    await engine.call("take a file in", take);
  } finally {
    await removeContainer(engine, container.id);
  }
}

async function programArchive(file: string): Promise<Buffer> {
  const program = await readFile(file).catch((cause: unknown) => {
    const message = `The server program of the language is not at ${file}. Install the package again, or build it.`;
    throw new RLMError("runtime_failed", message, { cause });
  });
  return await fileArchive(basename(file), program);
}
