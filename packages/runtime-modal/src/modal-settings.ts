import { RLMError, type Runtime } from "@rlmflow/core";
import { type ChannelTimes, javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";
import type { ModalImage, ModalRuntimeOptions } from "./modal-options.ts";

/** The options with what was left out filled in. */
export interface ModalSettings extends ModalRuntimeOptions {
  readonly app: string;
  readonly createApp: boolean;
  readonly image: ModalImage;
  readonly language: ReplLanguage;
  readonly share: "agent" | "run";
  readonly memoryMiB: number;
  readonly memoryLimitMiB: number;
  readonly lifetimeMs: number;
  readonly timeMs: number;
  readonly times: ChannelTimes;
  readonly blockNetwork: boolean;
  readonly secrets: readonly string[];
  readonly volumes: NonNullable<ModalRuntimeOptions["volumes"]>;
}

const OPEN_MS = 180_000;
/** Beyond the time of code: the way to Modal and back, an engine that is busy. */
const SLACK_MS = 20_000;
const IMAGES: Readonly<Record<string, string>> = { javascript: "node:24-slim", python: "python:3.13-slim" };
const MODAL_NAME = /^[\w.-]{1,64}$/;
const DAY_MS = 24 * 3600 * 1000;

/** Throws `invalid_options`, naming everything that is wrong at once. */
export function modalSettings(options: ModalRuntimeOptions): ModalSettings {
  const { language = javascriptLanguage, timeMs = 10_000, memoryMiB = 256 } = options;
  const { app = "rlmflow", createApp = true, share = "agent", blockNetwork = true } = options;
  const { lifetimeMs = 3_600_000, secrets = [], volumes = {} } = options;
  const { memoryLimitMiB = Math.max(memoryMiB, 1024) } = options;
  const { image = { registry: IMAGES[language.kernel.language] ?? "" } } = options;
  const times = { openMs: OPEN_MS, wallMs: timeMs + SLACK_MS, ...options.times };
  const sandbox = { app, createApp, image, share, memoryMiB, memoryLimitMiB, lifetimeMs };
  const settings = { ...options, ...sandbox, language, timeMs, times, blockNetwork, secrets, volumes };
  const wrong = faults(settings);
  if (wrong.length > 0) throw new RLMError("invalid_options", `modalRuntime: ${wrong.join("; ")}.`);
  return settings;
}

/** What a rebuilt REPL can promise: beyond the sandbox, files and servers may have changed. */
export function replayOf({ language, blockNetwork, volumes }: ModalSettings): Runtime["replay"] {
  const reachesOut = !blockNetwork || Object.keys(volumes).length > 0;
  return reachesOut ? "best-effort" : language.replay;
}

function faults(settings: ModalSettings): readonly string[] {
  const { app, share, lifetimeMs, times, cpu, cpuLimit, memoryMiB, memoryLimitMiB, volumes } = settings;
  const amounts = { cpu, cpuLimit, memoryMiB, memoryLimitMiB, lifetimeMs, timeMs: settings.timeMs, ...times };
  return [
    ...(MODAL_NAME.test(app) ? [] : [`app is ${JSON.stringify(app)}; letters, digits, "-", "_", "." only`]),
    ...(share === "agent" || share === "run" ? [] : [`share is ${JSON.stringify(share)}; "agent" or "run"`]),
    ...Object.entries(amounts)
      .filter(([, amount]) => amount !== undefined && !(Number.isFinite(amount) && amount > 0))
      .map(([name, amount]) => `${name} is ${amount}; a number above 0`),
    ...(lifetimeMs % 1000 === 0 && lifetimeMs <= DAY_MS
      ? []
      : [`lifetimeMs is ${lifetimeMs}; whole seconds, ${DAY_MS} at most`]),
    ...(cpuLimit !== undefined && cpuLimit < (cpu ?? Number.POSITIVE_INFINITY)
      ? [`cpuLimit is ${cpuLimit}; give cpu too, and no more than that`]
      : []),
    ...(memoryLimitMiB < memoryMiB ? [`memoryLimitMiB is ${memoryLimitMiB}, below memoryMiB`] : []),
    ...imageFaults(settings),
    ...Object.keys(volumes)
      .filter((path) => !path.startsWith("/"))
      .map((path) => `the volume path ${JSON.stringify(path)} is not absolute`),
  ];
}

function imageFaults({ image, language, credentials }: ModalSettings): readonly string[] {
  const name = "id" in image ? image.id : image.registry;
  const noImage = `image is empty; say where one with ${language.server.command[0]} is`;
  const hasToken =
    credentials === undefined || (credentials.tokenId !== "" && credentials.tokenSecret !== "");
  return [
    ...(name === "" ? [noImage] : []),
    ...((image.commands ?? []).some((line) => /^\s*COPY\s+(?!--from=)/i.test(line))
      ? ["image.commands copies from this machine, which Modal's SDK cannot do"]
      : []),
    ...(hasToken ? [] : ["credentials needs both tokenId and tokenSecret"]),
  ];
}
