/**
 * Pure. Words for a child that could not be started: what is wrong, with which command and folder,
 * and what to do about it. Arguments and environment are never named: they hold secrets.
 */
import { GatewayError, messageOf } from "../kernel/error.ts";
import type { ChildCommand } from "./model.ts";

/** What was seen of the file system when a start was refused. */
export interface SpawnFacts {
  /** Why the working folder cannot be used, if it cannot. */
  readonly cwdProblem: "missing" | "not-a-folder" | "no-access" | undefined;
  /** The command names a file that exists. */
  readonly commandExists: boolean;
}

/** Codes that stay as they are until somebody changes the configuration or the file system. */
const FINAL_CODES = new Set([
  "ENOENT",
  "EACCES",
  "ENOEXEC",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "EPERM",
  "EINVAL",
]);

/** The error code of a failed system call, if `thrown` has one. */
export function errorCodeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

/**
 * The refusal as UPSTREAM_SPAWN_FAILED; `retryable` says that trying again can help (a full process
 * table), otherwise it is final.
 */
export function spawnFailure(
  command: ChildCommand,
  facts: SpawnFacts,
  thrown: unknown,
): GatewayError {
  const code = errorCodeOf(thrown);
  const isFinal = facts.cwdProblem !== undefined || (code !== undefined && FINAL_CODES.has(code));
  return new GatewayError("UPSTREAM_SPAWN_FAILED", describe(command, facts, code, thrown), {
    retryable: !isFinal,
    detail: messageOf(thrown),
    cause: thrown,
  });
}

function describe(
  { command, cwd, runAs }: ChildCommand,
  { cwdProblem, commandExists }: SpawnFacts,
  code: string | undefined,
  thrown: unknown,
): string {
  const where = cwd === undefined ? "" : ` (cwd ${JSON.stringify(cwd)})`;
  const what = JSON.stringify(command);
  switch (cwdProblem) {
    case "missing":
      return `Cannot start ${what}: its cwd ${JSON.stringify(cwd)} does not exist. Create the folder or correct "cwd".`;
    case "not-a-folder":
      return `Cannot start ${what}: its cwd ${JSON.stringify(cwd)} is no folder. Correct "cwd".`;
    case "no-access":
      return `Cannot start ${what}: its cwd ${JSON.stringify(cwd)} may not be entered. Correct its permissions or "cwd".`;
    case undefined:
      break;
  }
  if (code === "ENOENT" && commandExists) {
    return `Cannot start ${what}${where}: the file exists, but the interpreter that its first line or header names does not. Install that interpreter.`;
  }
  if (code === "ENOENT") {
    return `Cannot start ${what}${where}: no such program. Install it, put its folder on the PATH of the server, or give "command" as an absolute path.`;
  }
  if (code === "EPERM" && runAs !== undefined) {
    return `Cannot start ${what}${where}: only a gateway that runs as root can start it as user ${runAs.uid}. Take "runAs" out, or run the gateway as root.`;
  }
  if (code === "EACCES" && runAs !== undefined) {
    return `Cannot start ${what}${where}: user ${runAs.uid} may not execute it. Put the program where that user can reach it, or correct "runAs".`;
  }
  if (code === "EACCES" || code === "EPERM") {
    return `Cannot start ${what}${where}: not executable by this user. Make the file executable (chmod +x) or correct "command".`;
  }
  if (code === "ENOEXEC") {
    return `Cannot start ${what}${where}: not a program for this machine, or a script without a #! line.`;
  }
  return `Cannot start ${what}${where}: ${code ?? messageOf(thrown)}.`;
}
