import type { App, Image, ModalClient, ModalClientParams, SandboxCreateParams, Secret, Volume } from "modal";
import { loadModal } from "./load-modal.ts";
import { modalFailure } from "./modal-failure.ts";
import type { ModalSettings } from "./modal-settings.ts";

/** All that sandboxes of one runtime have in common: where they are made, and of what. */
export interface ModalPlace {
  readonly client: ModalClient;
  readonly app: App;
  /** Built. */
  readonly image: Image;
  readonly parameters: SandboxCreateParams;
}

/** Looks up app, image, secrets and volumes. Rejects with what is missing and what to do. */
export async function modalPlace(settings: ModalSettings): Promise<ModalPlace> {
  const client = await makeClient(settings);
  const app = await findApp(client, settings);
  const [image, secrets, volumes] = await Promise.all([
    buildImage(client, app, settings),
    Promise.all(settings.secrets.map((name) => findSecret(client, name, settings))),
    findVolumes(client, settings),
  ]);
  return { client, app, image, parameters: parametersOf(settings, secrets, volumes) };
}

async function makeClient({ credentials, environment }: ModalSettings): Promise<ModalClient> {
  const { ModalClient } = await loadModal();
  const given: ModalClientParams = { ...credentials };
  if (environment !== undefined) given.environment = environment;
  return await step("Modal's client could not be made", async () => new ModalClient(given));
}

async function findApp(client: ModalClient, { app, createApp, environment }: ModalSettings): Promise<App> {
  const place = environment === undefined ? "" : ` in the environment ${environment}`;
  const wanted = `The Modal app "${app}" cannot be used${place}`;
  return await step(wanted, async () => await client.apps.fromName(app, { createIfMissing: createApp }));
}

async function buildImage(client: ModalClient, app: App, settings: ModalSettings): Promise<Image> {
  const { image } = settings;
  const name = "id" in image ? image.id : image.registry;
  return await step(`The image "${name}" cannot be used`, async () => {
    const base = "id" in image ? await client.images.fromId(image.id) : await fromRegistry(client, settings);
    return await base.dockerfileCommands([...(image.commands ?? [])]).build(app);
  });
}

async function fromRegistry(client: ModalClient, settings: ModalSettings): Promise<Image> {
  const { image } = settings;
  if ("id" in image) return await client.images.fromId(image.id);
  const { registry, registrySecret } = image;
  if (registrySecret === undefined) return client.images.fromRegistry(registry);
  return client.images.fromRegistry(registry, await findSecret(client, registrySecret, settings));
}

async function findSecret(client: ModalClient, name: string, settings: ModalSettings): Promise<Secret> {
  const wanted = `The Modal secret "${name}" cannot be used`;
  return await step(wanted, async () => await client.secrets.fromName(name, environmentOf(settings)));
}

async function findVolumes(
  client: ModalClient,
  settings: ModalSettings,
): Promise<Readonly<Record<string, Volume>>> {
  const found = Object.entries(settings.volumes).map(async ([path, { name, readOnly = true }]) => {
    const wanted = `The Modal volume "${name}" cannot be used`;
    const volume = await step(
      wanted,
      async () => await client.volumes.fromName(name, environmentOf(settings)),
    );
    return [path, volume.withMountOptions({ readOnly })] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

function parametersOf(
  settings: ModalSettings,
  secrets: Secret[],
  volumes: Readonly<Record<string, Volume>>,
): SandboxCreateParams {
  const { memoryMiB, memoryLimitMiB, lifetimeMs, blockNetwork, cpu, cpuLimit, gpu, regions } = settings;
  return {
    memoryMiB,
    memoryLimitMiB,
    timeoutMs: lifetimeMs,
    blockNetwork,
    secrets,
    volumes,
    ...(cpu === undefined ? {} : { cpu }),
    ...(cpuLimit === undefined ? {} : { cpuLimit }),
    ...(gpu === undefined ? {} : { gpu }),
    ...(regions === undefined ? {} : { regions: [...regions] }),
  };
}

function environmentOf({ environment }: ModalSettings): { environment?: string } {
  return environment === undefined ? {} : { environment };
}

async function step<T>(wanted: string, take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (cause) {
    throw modalFailure(wanted, cause);
  }
}
