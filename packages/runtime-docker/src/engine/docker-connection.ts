import { RLMError } from "@rlmflow/core";
import { optionRecord, wholeNumber, word } from "@rlmflow/repl/driver";
import type { DockerOptions } from "dockerode";
import { check, type GenericSchema, optional, picklist, pipe, regex, string } from "valibot";

/** Where a Docker engine is. What is left out is left out: nothing of DOCKER_HOST is mixed in. */
export interface DockerConnection {
  /** Path of a Unix socket or of a named pipe. Podman's Docker-compatible one will do. */
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  /** `http` unless given, or `https` where there is a certificate. */
  readonly protocol?: "http" | "https" | "ssh";
  /** Certificates as PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** User of an `ssh` connection, which authenticates through the agent at SSH_AUTH_SOCK. */
  readonly username?: string;
}

/** A connection as the client takes it. */
export interface ResolvedConnection {
  readonly options: DockerOptions;
  readonly protocol: "http" | "https" | "ssh";
  /** For messages. */
  readonly address: string;
}

const PLACE = "a record with socketPath, or with host and what goes with it";
const pem = optional(word("a PEM text"));
const socketPath = pipe(string("a path"), regex(/^[\\/]/, "the absolute path of a socket or a named pipe"));

/** The option `docker`. */
export const connectionOption: GenericSchema<unknown, DockerConnection | undefined> = optional(
  pipe(
    optionRecord(
      {
        socketPath: optional(socketPath),
        host: optional(word("the name of a machine")),
        port: optional(wholeNumber({ least: 1, most: 65_535 })),
        protocol: optional(picklist(["http", "https", "ssh"], '"http", "https" or "ssh"')),
        ca: pem,
        cert: pem,
        key: pem,
        username: optional(word("the name of a user")),
      },
      PLACE,
    ),
    check((given) => (given.socketPath === undefined) !== (given.host === undefined), PLACE),
    check(
      (given) => given.host !== undefined || Object.keys(given).length <= 1,
      "a record of socketPath alone, or of host and what goes with it",
    ),
  ),
);

const STANDARD_PORTS = { http: 2375, https: 2376, ssh: 22 };

/**
 * The connection that was given, or else the one that DOCKER_HOST names, or else that to the local socket. Throws
 * `invalid_options` for a DOCKER_HOST that names none.
 */
export function resolveConnection(
  given: DockerConnection | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedConnection {
  if (given === undefined) return fromEnvironment(environment);
  const { socketPath, host, cert } = given;
  const protocol = given.protocol ?? (cert === undefined ? "http" : "https");
  const port = given.port ?? STANDARD_PORTS[protocol];
  const address = socketPath ?? `${protocol}://${host}:${port}`;
  const place = socketPath === undefined ? { socketPath, host, port } : { socketPath, host: undefined };
  const { ca, key, username } = given;
  const secrets = { ca, cert, key, username };
  const sshAgent = environment.SSH_AUTH_SOCK;
  const agent = protocol === "ssh" && sshAgent !== undefined ? { sshOptions: { agent: sshAgent } } : {};
  return { options: { ...place, ...secrets, protocol, ...agent }, protocol, address };
}

/** dockerode reads the variables itself; only how it will go about it is told here. */
function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): ResolvedConnection {
  const { DOCKER_HOST: host = "", DOCKER_TLS_VERIFY: verify } = environment;
  const address = host === "" ? "its standard socket" : host;
  const isLocal = host === "" || /^(?:unix|npipe):/.test(host);
  if (isLocal) return { options: {}, protocol: "http", address };
  refuseUnclear(host);
  if (host.startsWith("ssh:")) return { options: {}, protocol: "ssh", address };
  const isSecure = verify === "1" || /:2376\/?$/.test(host);
  return { options: {}, protocol: isSecure ? "https" : "http", address };
}

function refuseUnclear(host: string): void {
  const place = URL.parse(host.includes("//") ? host : `tcp://${host}`);
  const isKnown = place !== null && ["tcp:", "http:", "https:", "ssh:"].includes(place.protocol);
  const hasPort = place?.protocol === "ssh:" || place?.port !== "";
  if (isKnown && place.hostname !== "" && hasPort) return;
  const message = `DOCKER_HOST is ${JSON.stringify(host)}, which names no engine. Make it like unix:///var/run/docker.sock, tcp://host:2375 or ssh://user@host.`;
  throw new RLMError("invalid_options", message);
}
