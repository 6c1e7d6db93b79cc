export type { ModalCredentials, ModalImage, ModalRuntimeOptions, ModalVolume } from "./modal-options.ts";
export { modalRuntime } from "./modal-runtime.ts";
