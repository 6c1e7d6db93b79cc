import { RLMError } from "@rlmflow/core";
import type { DockerEngine } from "../engine/docker-engine.ts";
import { hasStatus } from "../engine/engine-failure.ts";
import { isForeign, noEngine } from "../engine/foreign-answer.ts";
import { DEFAULT_IMAGE } from "../resolve-options.ts";

/** Resolves when the engine has the image. Rejects with `runtime_failed`, which says how to get it. */
export async function requireImage(engine: DockerEngine, image: string): Promise<void> {
  try {
    await engine.call("look for an image", () => engine.docker.getImage(image).inspect());
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    if (isForeign(error)) throw noEngine(engine.address, error);
    const message = `The Docker engine has no image "${image}". ${howToGet(image)}`;
    throw new RLMError("runtime_failed", message, { cause: error });
  }
}

/** A name without a registry may be one of Docker's own, or one that was to be made here. */
function howToGet(image: string): string {
  const build = `rlmflow docker build${image === DEFAULT_IMAGE ? "" : ` --tag ${image}`}`;
  if (image.split(":")[0] === DEFAULT_IMAGE) return `Build it: ${build}`;
  const pull = `docker pull ${image}`;
  const [first = "", ...rest] = image.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  // What is named by a digest can't be built.
  if (hasRegistry || image.includes("@")) return `Pull it: ${pull}`;
  return `Pull it (${pull}), or build one of that name: ${build}`;
}
