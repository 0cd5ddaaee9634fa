/**
 * Finds a program as the start of a child does: a path from its folder, a name on its PATH.
 */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";

/** The whole path of a program that can be started, or undefined. `folder` is absolute. */
export function findProgram(
  command: string,
  folder: string,
  path: string | undefined,
): string | undefined {
  if (!command.includes("/"))
    return Bun.which(command, { PATH: path ?? "", cwd: folder }) ?? undefined;
  const program = resolve(folder, command);
  try {
    accessSync(program, constants.X_OK);
    return statSync(program).isFile() ? program : undefined;
  } catch {
    // Whatever the reason, it cannot be started.
    return undefined;
  }
}
