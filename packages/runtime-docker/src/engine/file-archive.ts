import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** A tar archive of one file, readable for everybody: how the engine takes files in. */
export function fileArchive(name: string, content: Buffer | string): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name, mode: 0o444 }, content);
  archive.finalize();
  return buffer(archive);
}
