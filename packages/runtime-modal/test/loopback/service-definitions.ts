import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { type CompatServiceDefinition, ServerError, Status } from "nice-grpc";

/** The two services that the SDK talks to. */
export interface ServiceDefinitions {
  /** Apps, images, sandboxes. */
  readonly controlPlane: CompatServiceDefinition;
  /** Programs in a sandbox and their streams. */
  readonly taskRouter: CompatServiceDefinition;
}

/**
 * The definitions as the installed SDK has them. It does not export them, so its CommonJS file is run once
 * more here with a line that does; the copy that a test imports is left alone.
 */
export function loadServiceDefinitions(): ServiceDefinitions {
  const require = createRequire(import.meta.url);
  const file = require.resolve("modal");
  const given = "module.exports = { ModalClientDefinition, TaskCommandRouterDefinition };";
  const names = ["require", "module", "exports"];
  const run = compileFunction(`${readFileSync(file, "utf8")}\n${given}`, names, { filename: file });
  const module = { exports: {} };
  run(createRequire(file), module, module.exports);
  const found = module.exports as Readonly<Record<string, CompatServiceDefinition | undefined>>;
  const { ModalClientDefinition: controlPlane, TaskCommandRouterDefinition: taskRouter } = found;
  if (controlPlane === undefined || taskRouter === undefined) {
    throw new Error(`${file} has no service definitions: is it Modal's SDK, 0.11?`);
  }
  return { controlPlane, taskRouter };
}

/** What answers one method. */
export type Handler = (request: never, context: { readonly signal: AbortSignal }) => unknown;

/** The service with every method that `handlers` leaves out answered as unimplemented, by name. */
export function implementation(
  definition: CompatServiceDefinition,
  handlers: Readonly<Record<string, Handler>>,
): Readonly<Record<string, Handler>> {
  const { methods } = definition as { readonly methods: Readonly<Record<string, unknown>> };
  const missing = Object.keys(methods).map((name): readonly [string, Handler] => [
    name,
    () => {
      throw new ServerError(Status.UNIMPLEMENTED, `The loopback has no ${name}.`);
    },
  ]);
  return { ...Object.fromEntries(missing), ...handlers };
}
