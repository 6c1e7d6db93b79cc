import {
  createServer,
  type Metadata,
  type Server,
  ServerError,
  type ServerMiddleware,
  Status,
} from "nice-grpc";
import { controlPlane } from "./control-plane.ts";
import { type LoopbackSandbox, STATUS } from "./loopback-sandbox.ts";
import { implementation, loadServiceDefinitions } from "./service-definitions.ts";
import { taskRouter } from "./task-router.ts";

/** How a loopback differs from one that works. */
export interface ModalLoopbackOptions {
  /** Says what runs in a sandbox instead of a command; the command itself unless given. */
  readonly rewrite?: (command: readonly string[]) => readonly string[];
  /** The port by which clients reach it, when there is a proxy in between. */
  readonly proxy?: (port: number) => Promise<number>;
}

/** A token with this id is refused. */
export const REFUSED_TOKEN_ID = "ak-refused";

/**
 * A server on this machine that answers Modal's SDK as Modal does, as far as sandboxes go. What is run in a
 * sandbox runs as a process of this machine. It isolates nothing: for tests and for demonstrations.
 */
export class ModalLoopback {
  readonly apps = new Map<string, string>();
  readonly images = new Map<string, readonly string[]>();
  readonly secrets = new Map<string, Readonly<Record<string, string>>>();
  readonly volumes = new Map<string, string>();
  readonly sandboxes = new Map<string, LoopbackSandbox>();
  /** Names of the methods that were called, in order. */
  readonly calls: string[] = [];
  readonly #server: Server;
  readonly #interventions: { readonly method: string; readonly before: () => Promise<void> }[] = [];
  readonly #lost: string[] = [];
  #port = 0;

  private constructor(rewrite: (command: readonly string[]) => readonly string[]) {
    const { apps, images, secrets, volumes, sandboxes } = this;
    const routerUrl = () => `https://127.0.0.1:${this.#port}`;
    const state = { apps, images, secrets, volumes, sandboxes, routerUrl, rewrite };
    const definitions = loadServiceDefinitions();
    const size = 100 * 1024 * 1024;
    this.#server = createServer({ "grpc.max_receive_message_length": size }).use(this.#intervene());
    this.#server.add(definitions.controlPlane, implementation(definitions.controlPlane, controlPlane(state)));
    this.#server.add(definitions.taskRouter, implementation(definitions.taskRouter, taskRouter(sandboxes)));
  }

  /** Starts one on a free port. */
  static async start(options: ModalLoopbackOptions = {}): Promise<ModalLoopback> {
    const loopback = new ModalLoopback(options.rewrite ?? ((command) => command));
    const port = await loopback.#server.listen("127.0.0.1:0");
    loopback.#port = (await options.proxy?.(port)) ?? port;
    return loopback;
  }

  /** What the SDK takes as `MODAL_SERVER_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get running(): readonly LoopbackSandbox[] {
    return [...this.sandboxes.values()].filter(({ running }) => running);
  }

  /** What the SDK needs in its environment to come here. */
  get environment(): Readonly<Record<string, string>> {
    return {
      MODAL_SERVER_URL: this.url,
      MODAL_TOKEN_ID: "ak-loopback",
      MODAL_TOKEN_SECRET: "as-loopback",
      MODAL_CONFIG_PATH: "/nonexistent/modal.toml",
      MODAL_LOGLEVEL: "error",
    };
  }

  /** Answers the next `times` calls of the method with an error. */
  fail(method: string, status: Status, message: string, times = 1): void {
    for (let time = 0; time < times; time += 1) {
      this.before(method, async () => {
        throw new ServerError(status, message);
      });
    }
  }

  /** Runs once, before the next call of the method is answered. */
  before(method: string, action: () => Promise<void>): void {
    this.#interventions.push({ method, before: action });
  }

  /** The next call of the method is carried out, and its caller told that the connection broke. */
  loseAnswer(method: string): void {
    this.#lost.push(method);
  }

  /** Ends all sandboxes, then drops every connection. */
  async stop(): Promise<void> {
    for (const sandbox of this.running) {
      sandbox.end({ status: STATUS.terminated, exitcode: 0, exception: "" });
    }
    await Promise.all([...this.sandboxes.values()].map(({ gone }) => gone));
    this.#server.forceShutdown();
  }

  #intervene(): ServerMiddleware {
    const { calls } = this;
    const interventions = this.#interventions;
    const lost = this.#lost;
    return async function* intervene(call, context) {
      const name = call.method.path.split("/").at(-1) ?? "";
      const method = name.charAt(0).toLowerCase() + name.slice(1);
      calls.push(method);
      refuseToken(context.metadata);
      const place = interventions.findIndex((intervention) => intervention.method === method);
      if (place >= 0) await interventions.splice(place, 1)[0]?.before();
      const answer = yield* call.next(call.request, context);
      const lostAt = lost.indexOf(method);
      if (lostAt < 0) return answer;
      lost.splice(lostAt, 1);
      throw new ServerError(Status.UNAVAILABLE, "The answer was lost.");
    };
  }
}

function refuseToken(metadata: Metadata): void {
  if (metadata.get("x-modal-token-id") === REFUSED_TOKEN_ID) {
    throw new ServerError(Status.UNAUTHENTICATED, "Token ID is malformed or unknown.");
  }
}
