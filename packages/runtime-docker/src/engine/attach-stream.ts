import { Duplex } from "node:stream";
import { RLMError } from "@rlmflow/core";
import type Docker from "dockerode";

/**
 * A stream to the first process of a container, which need not run yet. dockerode's own `attach` sends its options
 * as a body too, and an engine other than Docker hands that to the process as input.
 */
export function attachStream(docker: Docker, id: string): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const request = {
    path: `/containers/${id}/attach?`,
    method: "POST",
    hijack: true,
    isStream: true,
    file: Buffer.alloc(0),
    options: { stream: true, stdin: true, stdout: true, stderr: true },
    statusCodes: { 101: true, 200: true, 404: "no such container", 500: "server error" },
  };
  docker.modem.dial(request, (error, stream) => {
    if (error !== null) reject(error);
    else if (stream instanceof Duplex) resolve(stream);
    else reject(new RLMError("runtime_failed", "The Docker engine gave no stream to the container."));
  });
  return promise;
}
