/** Why the command can't run on this version of Node, or `null`. Written for any Node that has modules. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major >= 26 || (major === 24 && minor >= 11)) return null;
  return `Node ^24.11.0 || >=26.0.0 is needed, this is Node ${version}. Install a newer one, or put it first in PATH.`;
}
