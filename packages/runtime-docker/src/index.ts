export { dockerRuntime } from "./docker-runtime.ts";
export type { DockerConnection } from "./engine/docker-connection.ts";
export { type BuildDockerImageOptions, buildDockerImage } from "./image/build-image.ts";
export type { DockerMount, DockerRuntimeOptions } from "./options.ts";
