import { javascriptLanguage } from "@rlmflow/repl";
import { describe, expect, test } from "vitest";
import { type ModalRuntimeOptions, modalRuntime } from "../src/index.ts";
import { modalSettings } from "../src/modal-settings.ts";

/** Options as a caller without types might give them. */
function untyped(options: unknown): ModalRuntimeOptions {
  return options as ModalRuntimeOptions;
}

describe("the options of a runtime on Modal", () => {
  test("may all be left out", () => {
    expect(modalSettings({})).toEqual({
      app: "rlmflow",
      createApp: true,
      image: { registry: "node:24-slim" },
      language: javascriptLanguage,
      share: "agent",
      memoryMiB: 256,
      memoryLimitMiB: 1024,
      lifetimeMs: 3_600_000,
      timeMs: 10_000,
      times: { openMs: 180_000, wallMs: 30_000 },
      blockNetwork: true,
      secrets: [],
      volumes: {},
      limits: {},
    });
  });

  test("may be named and left undefined", () => {
    const options: ModalRuntimeOptions = Object.fromEntries([
      ["app", undefined],
      ["lifetimeMs", undefined],
    ]);
    expect(modalSettings(options)).toMatchObject({
      app: "rlmflow",
      lifetimeMs: 3_600_000,
    });
  });

  test("bring each other along", () => {
    const { memoryLimitMiB, times } = modalSettings({ memoryMiB: 4096, timeMs: 60_000 });
    expect({ memoryLimitMiB, times }).toEqual({
      memoryLimitMiB: 4096,
      times: { openMs: 180_000, wallMs: 80_000 },
    });
  });

  test("are refused all at once", () => {
    const options = {
      app: "my app",
      lifetime: 1,
      lifetimeMs: 1500,
      timeMs: 0,
      times: { openMs: Number.NaN },
      limits: { outputt: 3 },
      gpu: 1,
      secrets: "x",
      image: { registry: "" },
      credentials: { tokenId: "ak-1" },
      volumes: { data: { name: "data" } },
      language: "python",
    };
    expect(() => modalRuntime(untyped(options))).toThrow(
      [
        `modalRuntime was given options it can't take: app must be up to 64 letters, digits, "-", "_" and ".", not "my app"`,
        'image.registry must be a tag in a registry, not ""',
        "credentials.tokenSecret is missing",
        'language must be a language: javascriptLanguage of @rlmflow/repl, or pythonLanguage of @rlmflow/repl-python, not "python"',
        'gpu must be the name of a GPU, for example "T4", not 1',
        "lifetimeMs must be whole seconds in milliseconds, from 1000 to 86400000, not 1500",
        "timeMs must be a whole number of milliseconds from 10 to 3600000, not 0",
        "times.openMs must be a whole number of milliseconds from 100 to 7200000, not NaN",
        "there is no limits.outputt",
        'secrets must be a list of names of Modal secrets, not "x"',
        'volumes.data must be mounted at an absolute path, not "data"',
        "there is no lifetime.",
      ].join("; "),
    );
  });

  test.each<[unknown, string]>([
    [null, "the options must be a record, not null"],
    [
      { image: "node:24" },
      'image must be a record with "registry", a tag, or with "id", an image of Modal\'s, not "node:24"',
    ],
    [{ image: { id: 5 } }, "image.id must be an id, im-…, not 5"],
    [{ image: { id: "im-1", registry: "node" } }, "image takes registry or id, not both"],
    [{ image: { id: "im-1", registrySecret: "mine" } }, "there is no image.registrySecret"],
    [{ lifetimeMs: 5 }, "lifetimeMs must be whole seconds in milliseconds, from 1000 to 86400000, not 5"],
    [
      { lifetimeMs: Number.NaN },
      "lifetimeMs must be whole seconds in milliseconds, from 1000 to 86400000, not NaN",
    ],
    [{ lifetimeMs: "5" }, 'lifetimeMs must be whole seconds in milliseconds, from 1000 to 86400000, not "5"'],
    [
      { image: { registry: "node", commands: ["RUN true", "COPY . /app"] } },
      "image.commands copies from this machine, which Modal's SDK cannot do",
    ],
    [{ credentials: { tokenId: "ak-1", tokenSecret: "" } }, 'credentials.tokenSecret must be a text, not ""'],
    [{ cpuLimit: 1 }, "cpuLimit (1) needs cpu, and must not be below it"],
    [{ memoryMiB: 512, memoryLimitMiB: 256 }, "memoryLimitMiB (256) must not be below memoryMiB (512)"],
    [{ blockNetwork: "no" }, 'blockNetwork must be true or false, not "no"'],
  ])("are refused: %j", (options, problem) => {
    expect(() => modalRuntime(untyped(options))).toThrow(
      `modalRuntime was given options it can't take: ${problem}.`,
    );
  });

  test("say what a language without a known image lacks", () => {
    const language = {
      ...javascriptLanguage,
      language: { ...javascriptLanguage.language, name: "lua" },
      server: { ...javascriptLanguage.server, command: ["lua"] },
    };
    expect(() => modalRuntime({ language })).toThrow(
      "image is missing: nothing is known of lua; name an image that has lua",
    );
  });
});

describe("a runtime on Modal", () => {
  test("says what it is", () => {
    const { name, isolation, replay, protocol, language } = modalRuntime();
    expect({ name, isolation, replay, protocol, language: language.name }).toEqual({
      name: "modal",
      isolation: "remote",
      replay: "exact",
      protocol: 1,
      language: "javascript",
    });
  });

  test.each<[string, ModalRuntimeOptions]>([
    ["the network", { blockNetwork: false }],
    ["a volume", { volumes: { "/data": { name: "data" } } }],
  ])("promises less of a rebuild when code reaches %s", (_, options) => {
    expect(modalRuntime(options).replay).toBe("best-effort");
  });
});
