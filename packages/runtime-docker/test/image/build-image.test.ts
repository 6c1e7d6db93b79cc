import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DOCKERFILE } from "../../src/image/dockerfile.ts";
import { buildDockerImage, dockerRuntime } from "../../src/index.ts";
import { describeWithEngine, docker, IMAGE } from "../engine.ts";
import { closing, ReplDriver } from "../repl-driver.ts";

const TAG = "rlmflow-test-built";

test("docker/Dockerfile is what is built", () => {
  expect(readFileSync(join(import.meta.dirname, "../../docker/Dockerfile"), "utf8")).toBe(DOCKERFILE);
});

describeWithEngine("building an image", () => {
  afterAll(() =>
    docker
      .getImage(TAG)
      .remove({ force: true })
      .catch(() => {}),
  );

  test("makes one that sandboxes run on, and tells how it goes", async () => {
    let output = "";
    const onOutput = (text: string): void => {
      output += text;
    };
    expect(await buildDockerImage({ tag: TAG, from: IMAGE, onOutput })).toBe(TAG);
    expect(output).toContain("FROM");
    await using runtime = closing(dockerRuntime({ image: TAG }));
    await using repl = await ReplDriver.open(runtime);
    expect(await repl.output("print(6 * 7);")).toBe("42\n");
  });

  test("says why it failed", async () => {
    const failed = buildDockerImage({ tag: TAG, from: "rlmflow-no-such-image.invalid/nothing" });
    await expect(failed).rejects.toMatchObject({
      code: "runtime_failed",
      message: expect.stringContaining("rlmflow-no-such-image.invalid"),
    });
  });

  test("says when there is no engine", async () => {
    const failed = buildDockerImage({ docker: { socketPath: "/no/such/socket" } });
    await expect(failed).rejects.toThrow("No Docker engine answers at /no/such/socket (ENOENT).");
  });
});
