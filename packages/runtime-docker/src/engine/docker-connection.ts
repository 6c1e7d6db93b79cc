import type { DockerOptions } from "dockerode";

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

const STANDARD_PORTS = { http: 2375, https: 2376, ssh: 22 };

/** The connection that was given, or else the one that DOCKER_HOST names, or else that to the local socket. */
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
  if (host.startsWith("ssh:")) return { options: {}, protocol: "ssh", address };
  const isSecure = verify === "1" || /:2376\/?$/.test(host);
  return { options: {}, protocol: isSecure ? "https" : "http", address };
}
