import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../src/exit-code.ts";
import { runProgram } from "../../src/program.ts";
import { CapturedIo } from "../captured-io.ts";

// Nothing listens there. That an image is built where there is an engine is tested beside the runtime.
const before = process.env.DOCKER_HOST;
beforeAll(() => {
  process.env.DOCKER_HOST = "tcp://127.0.0.1:1";
});
afterAll(() => {
  if (before === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = before;
});

test("says what to do when there is no engine", async () => {
  const io = new CapturedIo();
  expect(await runProgram(["docker", "build", "--tag", "mine"], io)).toBe(EXIT.failed);
  expect(io.stdout.text).toBe("");
  expect(io.stderr.text).toBe(
    'rlmflow: No Docker engine answers at tcp://127.0.0.1:1 (ECONNREFUSED). Start it, or say where it is with DOCKER_HOST or the option "docker".\n',
  );
});

test("has a help that names its defaults", async () => {
  const io = new CapturedIo();
  expect(await runProgram(["docker", "build", "--help"], io)).toBe(EXIT.ok);
  expect(io.stdout.text).toContain("default rlmflow-sandbox");
  expect(io.stdout.text).toMatch(/default\s+node:24-bookworm-slim/);
});
