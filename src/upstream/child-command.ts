/** Pure. What of a server's configuration the supervisor needs to start it. */
import type { ServerConfig } from "../config/model.ts";
import type { ChildCommand } from "../supervisor/model.ts";

/** The command of a server's processes. */
export function childCommandOf({ command, args, cwd, env, runAs }: ServerConfig): ChildCommand {
  return { command, args, cwd, env, runAs };
}
