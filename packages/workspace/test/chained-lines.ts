import type { RunNode } from "@rlmflow/core";
import { encodeLine, NO_SUM, sealLine, sumOf } from "../src/log/log-line.ts";

/** The lines of a log in which every node was appended alone. */
export function chainedLines(nodes: readonly RunNode[]): readonly Buffer[] {
  let prev = NO_SUM;
  return nodes.map((node) => {
    const line = encodeLine({ agentId: node.agentId, n: node.n, nodes: [node] }, prev);
    prev = sumOf(line.subarray(0, -1));
    return line;
  });
}

/** The text of a log with these lines of another one, each sealed again so that it follows the one before it. */
export function chainedAgain(lines: readonly string[]): string {
  let prev = NO_SUM;
  return lines
    .map((line) => {
      const body = line.replace(/,"prev":"\w{8}","sum":"\w{8}"\}$/, "");
      const sealed = sealLine(`${body},"prev":"${prev}"`);
      prev = sumOf(sealed.subarray(0, -1));
      return sealed.toString();
    })
    .join("");
}
