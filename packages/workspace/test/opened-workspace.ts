import { onTestFinished } from "vitest";
import { openWorkspace, type Workspace, type WorkspaceOptions } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A workspace, in a directory of its own unless one is named, that is closed when the test has ended. */
export async function openedWorkspace(directory?: string, options?: WorkspaceOptions): Promise<Workspace> {
  const workspace = await openWorkspace(directory ?? (await temporaryDirectory()), options);
  onTestFinished(() => workspace.close());
  return workspace;
}
