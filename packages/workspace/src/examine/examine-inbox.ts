import { constants } from "node:fs";
import { openOwnFile } from "../disk/durable-files.ts";
import { systemCode } from "../disk/file-failure.ts";
import { decodeInboxLine, decodeRequest, isNewer } from "../inbox/inbox-line.ts";
import { readLines } from "../log/line-reader.ts";
import type { Finding } from "./finding.ts";

/** What an inbox holds that somebody should know of: what waits to be done, and what nobody can read. */
export async function examineInbox(file: string): Promise<readonly Finding[]> {
  const handle = await openOwnFile(file, constants.O_RDONLY).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  });
  if (handle === null) return [];
  const waiting = new Map<string, string>();
  const findings: Finding[] = [];
  let line = 0;
  try {
    for await (const lines of readLines(handle.fd, 0)) {
      for (const { bytes } of lines) {
        line += 1;
        // Every line begins with a newline, so that a torn one before it is closed off.
        if (bytes.length === 0) continue;
        const found = decodeInboxLine(bytes, file);
        if (found === null) findings.push({ severity: "note", file, line, message: UNREADABLE });
        else if (found.kind === "settled") waiting.delete(found.id);
        else
          waiting.set(
            found.id,
            isNewer(found.format) ? "a request of a newer format" : nameOf(found.request),
          );
      }
    }
  } finally {
    await handle.close();
  }
  return waiting.size === 0 ? findings : [...findings, waitingFinding(file, [...waiting.values()])];
}

const UNREADABLE = "It was never whole, or was changed; what it asked for is not done.";

function waitingFinding(file: string, names: readonly string[]): Finding {
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
  return {
    severity: "note",
    file,
    message: `Asked for and not done yet: ${shown}. It is done or refused when the run is resumed.`,
  };
}

function nameOf(request: unknown): string {
  try {
    const edit = decodeRequest(request);
    return "agentId" in edit ? `${edit.kind} ${edit.agentId}` : edit.kind;
  } catch {
    // It is refused with the reason when it is taken.
    return "a request that can't be read";
  }
}
