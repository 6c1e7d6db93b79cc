/** The files of a workspace: those of the branch whose call it is. */
export interface FilesByCall {
  /** Throws `invalid_options` for a key that is none. */
  filesOf(effectKey: string): CallFiles;
}

/** Where the files of a call lie. */
export interface CallFiles {
  readonly directory: string;
  readonly writes: WriteRecord;
}

/** A file as it is before it is written. */
export interface CurrentFile {
  /** Its size, or `null` when there is none. */
  readonly bytes: number | null;
  read(): Promise<Uint8Array>;
}

/** A call that is about to write a file. */
export interface WritingCall {
  readonly effectKey: string;
  /** Names separated by `/`, relative to the directory. */
  readonly path: string;
  readonly current: CurrentFile;
}

/**
 * Keeps what files were, so that a write can be repeated and undone. Both are called under the lock of the
 * directory, `isDone` first.
 */
export interface WriteRecord {
  /** Makes a write, for which closing the record waits. Rejects with `closed` after that. */
  during<T>(write: () => Promise<T>): Promise<T>;
  /** Throws when another process has taken the branch: asked in the last moment before a file changes. */
  requireHeld(): void;
  /** True when the call was made before and its write took effect: nothing is left to do. */
  isDone(call: WritingCall): Promise<boolean>;
  /** Keeps what the file is; resolves when that will outlive the write. */
  note(call: WritingCall & { readonly next: Uint8Array }): Promise<void>;
}
