import { randomUUID } from "node:crypto";
import { ServerError, Status } from "nice-grpc";
import { LoopbackSandbox, type SandboxDefinition, type SandboxResult, STATUS } from "./loopback-sandbox.ts";
import type { Handler } from "./service-definitions.ts";

/** What the control plane knows, and how it is reached. */
export interface ControlPlaneState {
  readonly apps: Map<string, string>;
  /** Image ids with the lines they were built from. */
  readonly images: Map<string, readonly string[]>;
  readonly secrets: Map<string, Readonly<Record<string, string>>>;
  readonly volumes: Map<string, string>;
  readonly sandboxes: Map<string, LoopbackSandbox>;
  /** Where the SDK finds the programs of sandboxes. */
  readonly routerUrl: () => string;
  readonly rewrite: (command: readonly string[]) => readonly string[];
}

interface Tag {
  readonly tagName: string;
  readonly tagValue: string;
}

interface SecretSource {
  readonly secretId?: string;
  readonly env?: { readonly contents: Readonly<Record<string, string>> };
}

interface CreateRequest {
  readonly appId: string;
  readonly definition: SandboxDefinition;
  readonly tags: readonly Tag[];
  readonly secretSources?: readonly SecretSource[];
}

interface WaitRequest {
  readonly sandboxId: string;
  readonly timeout: number;
}

const HOUR_SECONDS = 3600;
const CREATE_IF_MISSING = 1;
const KILLED_CODE = 137;

/** The part of Modal's control plane that the runtime uses. */
export function controlPlane(state: ControlPlaneState): Readonly<Record<string, Handler>> {
  return { ...places(state), ...sandboxes(state), ...firstVersion(state) };
}

function places({ apps, images, secrets, volumes }: ControlPlaneState): Readonly<Record<string, Handler>> {
  return {
    authTokenGet: () => ({ token: token() }),
    environmentGetOrCreate: () => ({
      environmentId: "en-1",
      metadata: { name: "main", settings: { imageBuilderVersion: "2025.06" } },
    }),
    appGetOrCreate: ({ appName, objectCreationType }: { appName: string; objectCreationType: number }) => {
      if (objectCreationType !== CREATE_IF_MISSING && !apps.has(appName)) {
        throw new ServerError(Status.NOT_FOUND, `no app ${appName}`);
      }
      const appId = apps.get(appName) ?? newId("ap");
      apps.set(appName, appId);
      return { appId };
    },
    imageGetOrCreate: ({ image }: { image: { dockerfileCommands: readonly string[] } }) => {
      const lines = image.dockerfileCommands;
      if (lines.some((line) => line.includes("missing"))) {
        return { imageId: newId("im"), result: { status: STATUS.failure, exception: "no such image" } };
      }
      const imageId = newId("im");
      images.set(imageId, lines);
      return { imageId, result: { status: STATUS.success } };
    },
    imageFromId: ({ imageId }: { imageId: string }) => {
      if (!images.has(imageId)) {
        throw new ServerError(Status.NOT_FOUND, `Could not find image with ID ${imageId}`);
      }
      return { imageId };
    },
    secretGetOrCreate: ({ deploymentName }: { deploymentName: string }) => {
      if (!secrets.has(deploymentName)) {
        throw new ServerError(Status.NOT_FOUND, `Secret '${deploymentName}' not found`);
      }
      return { secretId: deploymentName };
    },
    volumeGetOrCreate: ({ deploymentName }: { deploymentName: string }) => {
      const volumeId = volumes.get(deploymentName);
      if (volumeId === undefined) {
        throw new ServerError(Status.NOT_FOUND, `Volume '${deploymentName}' not found`);
      }
      return { volumeId };
    },
  };
}

function sandboxes(state: ControlPlaneState): Readonly<Record<string, Handler>> {
  return {
    sandboxCreateV2: (request: CreateRequest) => {
      const { id, taskId } = create(state, request, `sb-${randomUUID()}`);
      return { sandboxId: id, taskId, commandRouterAccess: routerAccess(state) };
    },
    sandboxGetCommandRouterAccess: () => routerAccess(state),
    sandboxGetTaskIdV2: ({ sandboxId }: WaitRequest) => ({ taskId: find(state, sandboxId).taskId }),
    sandboxWaitV2: async (request: WaitRequest) => await wait(state, request),
    sandboxTerminateV2: ({ sandboxId }: WaitRequest) => terminate(state, sandboxId),
    sandboxListV2: (request: { appId: string; beforeTimestamp: number; tags: readonly Tag[] }) => ({
      sandboxes: [...state.sandboxes.values()]
        .filter(({ running, createdAt }) => running && before(createdAt, request.beforeTimestamp))
        .filter(({ appId }) => request.appId === "" || appId === request.appId)
        .filter(({ tags }) => request.tags.every(({ tagName, tagValue }) => tags[tagName] === tagValue))
        .map(({ id, createdAt, definition }) => ({ id, createdAt, name: definition.name ?? "" })),
    }),
  };
}

/** Sandboxes with a GPU are made by calls of the first version. */
function firstVersion(state: ControlPlaneState): Readonly<Record<string, Handler>> {
  return {
    sandboxCreate: (request: CreateRequest) => {
      const letters = randomUUID().replaceAll("-", "").slice(0, 22);
      return { sandboxId: create(state, request, `sb-${letters}`).id };
    },
    taskGetCommandRouterAccess: () => routerAccess(state),
    sandboxGetTaskId: ({ sandboxId }: WaitRequest) => ({ taskId: find(state, sandboxId).taskId }),
    sandboxWait: async (request: WaitRequest) => await wait(state, request),
    sandboxTerminate: ({ sandboxId }: WaitRequest) => terminate(state, sandboxId),
  };
}

function create(state: ControlPlaneState, request: CreateRequest, id: string): LoopbackSandbox {
  const { appId, definition, tags } = request;
  const { name } = definition;
  const isTaken = [...state.sandboxes.values()].some(
    (other) => other.running && other.appId === appId && name !== undefined && other.definition.name === name,
  );
  if (isTaken) throw new ServerError(Status.ALREADY_EXISTS, `There is a sandbox named ${name}.`);
  const sandbox = new LoopbackSandbox({
    id,
    taskId: newId("ta"),
    appId,
    definition,
    tags: Object.fromEntries(tags.map(({ tagName, tagValue }) => [tagName, tagValue])),
    environment: variables(state, request),
    rewrite: state.rewrite,
  });
  state.sandboxes.set(id, sandbox);
  return sandbox;
}

function variables(state: ControlPlaneState, request: CreateRequest): Readonly<Record<string, string>> {
  const ids = request.definition.secretIds.map((secretId): SecretSource => ({ secretId }));
  const sources = [...ids, ...(request.secretSources ?? [])];
  return Object.assign(
    {},
    ...sources.map(({ secretId, env }) => env?.contents ?? state.secrets.get(secretId ?? "")),
  );
}

function find(state: ControlPlaneState, sandboxId: string): LoopbackSandbox {
  const sandbox = state.sandboxes.get(sandboxId);
  if (sandbox === undefined) throw new ServerError(Status.NOT_FOUND, `no sandbox ${sandboxId}`);
  return sandbox;
}

async function wait(state: ControlPlaneState, { sandboxId, timeout }: WaitRequest): Promise<object> {
  const sandbox = find(state, sandboxId);
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), timeout * 1000);
  const result: SandboxResult | null = sandbox.result ?? (await Promise.race([sandbox.ended, late]));
  clearTimeout(timer);
  return result === null ? {} : { result };
}

function terminate(state: ControlPlaneState, sandboxId: string): object {
  find(state, sandboxId).end({ status: STATUS.terminated, exitcode: KILLED_CODE, exception: "" });
  return {};
}

function routerAccess(state: ControlPlaneState): { readonly jwt: string; readonly url: string } {
  return { jwt: token(), url: state.routerUrl() };
}

function before(createdAt: number, timestamp: number): boolean {
  return timestamp === 0 || createdAt < timestamp;
}

function newId(prefix: string): string {
  return `${prefix}-${randomUUID().replaceAll("-", "").slice(0, 22)}`;
}

/** The SDK reads when a token runs out. */
function token(): string {
  const claims = { exp: Math.floor(Date.now() / 1000) + HOUR_SECONDS };
  const parts = [{ alg: "none" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return `${parts.join(".")}.none`;
}
