export type { FileToolsOptions } from "./file-tools.ts";
export { fileTools } from "./file-tools.ts";
export type { FileChange, FileLimits, FileRoot } from "./files/file-space.ts";
export type { Lock } from "./files/write-lock.ts";
export type { CallFiles, CurrentFile, FilesByCall, WriteRecord, WritingCall } from "./files/write-record.ts";
