import { javascriptLanguage } from "@rlmflow/repl";
import { describe, expect, test } from "vitest";
import { type ModalRuntimeOptions, modalRuntime } from "../src/index.ts";
import { modalSettings } from "../src/modal-settings.ts";

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
    const options: ModalRuntimeOptions = {
      app: "my app",
      lifetimeMs: 1500,
      timeMs: 0,
      times: { openMs: Number.NaN },
      cpuLimit: 1,
      memoryMiB: 512,
      memoryLimitMiB: 256,
      image: { registry: "", commands: ["RUN true", "COPY . /app"] },
      credentials: { tokenId: "ak-1", tokenSecret: "" },
      volumes: { data: { name: "data" } },
    };
    expect(() => modalRuntime(options)).toThrow(
      [
        'modalRuntime: app is "my app"; letters, digits, "-", "_", "." only',
        "timeMs is 0; a number above 0",
        "openMs is NaN; a number above 0",
        "lifetimeMs is 1500; whole seconds, 86400000 at most",
        "cpuLimit is 1; give cpu too, and no more than that",
        "memoryLimitMiB is 256, below memoryMiB",
        "image is empty; say where one with node is",
        "image.commands copies from this machine, which Modal's SDK cannot do",
        "credentials needs both tokenId and tokenSecret",
        'the volume path "data" is not absolute.',
      ].join("; "),
    );
  });

  test("say what a language without a known image lacks", () => {
    const kernel = { ...javascriptLanguage.kernel, language: "lua" };
    const language = {
      ...javascriptLanguage,
      kernel,
      server: { ...javascriptLanguage.server, command: ["lua"] },
    };
    expect(() => modalRuntime({ language })).toThrow("image is empty; say where one with lua is");
  });
});

describe("a runtime on Modal", () => {
  test("says what it is", () => {
    const { name, isolation, replay, protocol, kernel } = modalRuntime();
    expect({ name, isolation, replay, protocol, language: kernel.language }).toEqual({
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
