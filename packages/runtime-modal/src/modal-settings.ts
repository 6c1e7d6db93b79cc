import type { Runtime } from "@rlmflow/core";
import type { ChannelTimes, ReplLanguage } from "@rlmflow/repl";
import {
  anyNumber,
  channelTimes,
  checkOptions,
  languageOption,
  limitsOption,
  namedValues,
  type OptionRange,
  optionRecord,
  timeOption,
  timesOption,
  wholeNumber,
  word,
  words,
} from "@rlmflow/repl/driver";
import { boolean, check, lazy, number, optional, picklist, pipe, regex, string } from "valibot";
import type { ModalImage, ModalRuntimeOptions } from "./modal-options.ts";

type Defaulted = "app" | "createApp" | "image" | "language" | "share" | "memoryMiB" | "memoryLimitMiB";
type AlsoDefaulted = "lifetimeMs" | "timeMs" | "blockNetwork" | "secrets" | "volumes" | "limits";

/** The options with what was left out filled in. */
export type ModalSettings = Omit<ModalRuntimeOptions, "times"> &
  Required<Pick<ModalRuntimeOptions, Defaulted | AlsoDefaulted>> & { readonly times: ChannelTimes };

const OPEN_MS = 180_000;
const IMAGES: Readonly<Record<string, string>> = { javascript: "node:24-slim", python: "python:3.13-slim" };
const DAY_MS = 24 * 3600 * 1000;
const CORES: OptionRange = { least: 0.01, most: 1024, unit: "cores" };
const MEMORY: OptionRange = { least: 16, most: 1_048_576, unit: "MiB" };

const lifetime = `whole seconds in milliseconds, from 1000 to ${DAY_MS}`;
const flag = boolean("true or false");
const commands = optional(words("a list of lines of a Dockerfile"));
const registry = word("a tag in a registry");
const registrySecret = optional(word("a name"));
const registryImage = optionRecord(
  { registry, registrySecret, commands },
  'a record with "registry", a tag, or with "id", an image of Modal\'s',
);
const id = word("an id, im-…");
const builtImage = optionRecord({ id, commands }, "a record");
/** Taken so far that it can be said that it is one too many. */
const bothImages = optionRecord({ id, registry, registrySecret, commands }, "a record");

const OPTIONS = optionRecord(
  {
    app: optional(
      pipe(string("a name"), regex(/^[\w.-]{1,64}$/, 'up to 64 letters, digits, "-", "_" and "."')),
      "rlmflow",
    ),
    createApp: optional(flag, true),
    image: optional(lazy(imageSchema)),
    environment: optional(word("the name of an environment")),
    credentials: optional(
      optionRecord({ tokenId: word("a text"), tokenSecret: word("a text") }, "tokenId and tokenSecret"),
    ),
    language: languageOption,
    share: optional(picklist(["agent", "run"], '"agent" or "run"'), "agent"),
    cpu: optional(anyNumber(CORES)),
    cpuLimit: optional(anyNumber(CORES)),
    memoryMiB: optional(wholeNumber(MEMORY), 256),
    memoryLimitMiB: optional(wholeNumber(MEMORY)),
    gpu: optional(word('the name of a GPU, for example "T4"')),
    lifetimeMs: optional(
      pipe(
        number(lifetime),
        check((ms) => Number.isInteger(ms / 1000) && ms >= 1000 && ms <= DAY_MS, lifetime),
      ),
      3_600_000,
    ),
    timeMs: timeOption,
    times: timesOption,
    limits: limitsOption,
    blockNetwork: optional(flag, true),
    regions: optional(words("a list of regions")),
    secrets: optional(words("a list of names of Modal secrets"), []),
    volumes: optional(
      namedValues(
        pipe(string("a path"), regex(/^\//, "mounted at an absolute path")),
        optionRecord(
          { name: word("the name of a volume"), readOnly: optional(flag) },
          "a record with its name",
        ),
        "a record of volumes by path",
      ),
      {},
    ),
  },
  "a record",
);

/** Throws `invalid_options`, naming everything that is wrong at once. */
export function modalSettings(options: ModalRuntimeOptions = {}): ModalSettings {
  const given = checkOptions("modalRuntime", OPTIONS, options, problemsBetween);
  return {
    ...given,
    image: given.image ?? { registry: IMAGES[given.language.language.name] ?? "" },
    memoryLimitMiB: given.memoryLimitMiB ?? Math.max(given.memoryMiB, 1024),
    times: channelTimes(given.timeMs, OPEN_MS, given.times),
  };
}

/** What a rebuilt REPL can promise: beyond the sandbox, files and servers may have changed. */
export function replayOf({ language, blockNetwork, volumes }: ModalSettings): Runtime["replay"] {
  const reachesOut = !blockNetwork || Object.keys(volumes).length > 0;
  return reachesOut ? "best-effort" : language.replay;
}

function imageSchema(given: unknown): typeof registryImage | typeof builtImage {
  if (!has(given, "id")) return registryImage;
  return has(given, "registry") ? bothImages : builtImage;
}

function has(given: unknown, name: string): boolean {
  return typeof given === "object" && given !== null && name in given;
}

/** What is wrong with options that are each right. */
function problemsBetween(options: {
  readonly cpu?: number;
  readonly cpuLimit?: number;
  readonly memoryMiB: number;
  readonly memoryLimitMiB?: number;
  readonly image?: ModalImage;
  readonly language: ReplLanguage;
}): readonly string[] {
  const { cpu, cpuLimit, memoryMiB, memoryLimitMiB = Number.POSITIVE_INFINITY, image, language } = options;
  const copies = (image?.commands ?? []).some((line) => /^\s*COPY\s+(?!--from=)/i.test(line));
  const program = language.server.command[0];
  const { name } = language.language;
  return [
    ...(cpuLimit !== undefined && cpuLimit < (cpu ?? Number.POSITIVE_INFINITY)
      ? [`cpuLimit (${cpuLimit}) needs cpu, and must not be below it`]
      : []),
    ...(memoryLimitMiB < memoryMiB
      ? [`memoryLimitMiB (${memoryLimitMiB}) must not be below memoryMiB (${memoryMiB})`]
      : []),
    ...(has(image, "id") && has(image, "registry") ? ["image takes registry or id, not both"] : []),
    ...(copies ? ["image.commands copies from this machine, which Modal's SDK cannot do"] : []),
    ...(image === undefined && IMAGES[name] === undefined
      ? [`image is missing: nothing is known of ${name}; name an image that has ${program}`]
      : []),
  ];
}
