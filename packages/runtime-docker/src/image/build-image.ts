import { Readable } from "node:stream";
import { RLMError } from "@rlmflow/core";
import { checkOptions, optionRecord } from "@rlmflow/repl/driver";
import { custom, optional } from "valibot";
import { connectionOption, type DockerConnection } from "../engine/docker-connection.ts";
import { DockerEngine } from "../engine/docker-engine.ts";
import { fileArchive } from "../engine/file-archive.ts";
import { DEFAULT_IMAGE, imageName } from "../resolve-options.ts";
import { BASE_IMAGE, DOCKERFILE } from "./dockerfile.ts";

/** Options of {@link buildDockerImage}. */
export interface BuildDockerImageOptions {
  /** Name of the image. Default `rlmflow-sandbox`, which `dockerRuntime` takes when no other is named. */
  readonly tag?: string;
  /** The image it is made from: one of Debian's kind with Node.js in it. Default `node:24-bookworm-slim`. */
  readonly from?: string;
  /** Where the engine is. Default what DOCKER_HOST says, else the local socket. */
  readonly docker?: DockerConnection;
  /** Called with what the engine says of its progress, piece by piece. */
  readonly onOutput?: (text: string) => void;
}

const OPTIONS = optionRecord(
  {
    tag: optional(imageName, DEFAULT_IMAGE),
    from: optional(imageName, BASE_IMAGE),
    docker: connectionOption,
    onOutput: optional(
      custom<(text: string) => void>((given) => typeof given === "function", "a function"),
      () => () => {},
    ),
  },
  "a record",
);

/** Milliseconds that a build may take, a slow download included. */
const BUILD_MS = 1_800_000;

/** Makes the image that sandboxes run on, and gives its name. Rejects with `invalid_options` or `runtime_failed`. */
export async function buildDockerImage(options: BuildDockerImageOptions = {}): Promise<string> {
  const { tag, from, onOutput, docker } = checkOptions("buildDockerImage", OPTIONS, options);
  const engine = new DockerEngine(docker);
  const context = Readable.from([await fileArchive("Dockerfile", DOCKERFILE)]);
  const build = async (): Promise<void> => {
    const answer = await engine.docker.buildImage(context, { t: tag, buildargs: { FROM: from } });
    await followed(engine, answer, onOutput);
  };
  try {
    await engine.requireEngine();
    await engine.call(`build the image "${tag}"`, build, BUILD_MS);
    return tag;
  } finally {
    engine.close();
  }
}

interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
}

function followed(
  { docker }: DockerEngine,
  answer: NodeJS.ReadableStream,
  onOutput: (text: string) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let failure: string | undefined;
  docker.modem.followProgress(
    answer,
    (error) => {
      if (error === null && failure === undefined) resolve();
      else reject(new RLMError("runtime_failed", `The image was not built: ${failure ?? error?.message}`));
    },
    ({ stream, status, id, error }: Progress) => {
      failure ??= error;
      if (stream !== undefined) onOutput(stream);
      // Of a download only what is said of it as a whole: the rest is a line for each piece of each layer.
      else if (status !== undefined && id === undefined) onOutput(`${status}\n`);
    },
  );
  return promise;
}
