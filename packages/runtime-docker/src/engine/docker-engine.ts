// A Docker engine, and the connections to it.
//
// Owns: the agent that keeps connections. Does not own: streams that took over a connection (attach, exec).
// Invariants: (1) every call settles within its time; (2) what a call rejects with is one RLMError that says
// what to do; (3) after `close` no connection of a call is left
// and none is made.
import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { RLMError } from "@rlmflow/core";
import Docker, { type DockerOptions } from "dockerode";
import { type DockerConnection, resolveConnection } from "./docker-connection.ts";
import { engineFailure, type LateCall } from "./engine-failure.ts";
import { isForeign, isVersion, noEngine } from "./foreign-answer.ts";

const CALL_MS = 30_000;

/** The engine at a connection; see the head of this file. */
export class DockerEngine {
  readonly docker: Docker;
  /** For messages. */
  readonly address: string;
  readonly #callMs: number;
  readonly #agent: Agent | undefined;
  #closed = false;

  /** `callMs`: milliseconds of a call, unless it says otherwise. */
  constructor(connection?: DockerConnection, callMs: number = CALL_MS) {
    this.#callMs = callMs;
    const { options, protocol, address } = resolveConnection(connection);
    this.address = address;
    // An ssh connection has an agent of its own kind.
    if (protocol !== "ssh")
      this.#agent = new (protocol === "https" ? SecureAgent : Agent)({ keepAlive: true });
    const withAgent = { ...options, agent: this.#agent };
    this.docker = clientFor(withAgent, address);
  }

  /** What the request gives. `what` completes "The Docker engine did not …". */
  async call<T>(what: string, request: () => Promise<T>, limitMs: number = this.#callMs): Promise<T> {
    if (this.#closed) throw new RLMError("closed", "The connection to the Docker engine was closed.");
    const late = Promise.withResolvers<never>();
    const lateness: LateCall = { lateAfterMs: limitMs };
    const timer = setTimeout(() => late.reject(lateness), limitMs);
    try {
      return await Promise.race([request(), late.promise]);
    } catch (error) {
      throw engineFailure(error, what, this.address);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when what answers is a Docker engine, or speaks like one. Rejects with `runtime_failed`. */
  async requireEngine(): Promise<void> {
    let version: unknown;
    try {
      version = await this.call("tell its version", () => this.docker.version());
    } catch (error) {
      throw isForeign(error) ? noEngine(this.address, error) : error;
    }
    if (!isVersion(version)) throw noEngine(this.address, version);
  }

  /** Cuts what is still under way. */
  close(): void {
    this.#closed = true;
    this.#agent?.destroy();
  }
}

/** The client reads the certificates that DOCKER_CERT_PATH names when it is made. */
function clientFor(options: DockerOptions, address: string): Docker {
  try {
    return new Docker(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `The Docker engine at ${address} cannot be talked to: ${why}. Look at DOCKER_HOST and DOCKER_CERT_PATH.`;
    throw new RLMError("invalid_options", message, { cause });
  }
}
