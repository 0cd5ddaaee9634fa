/**
 * Pure. How a command says that it failed: in a sentence, with a code at its end that
 * docs/troubleshooting.md has an entry for.
 */
import { EXIT } from "./exit-codes.ts";

/** The kinds of failures of commands, beside those that the gateway itself answers with. */
export const COMMAND_CODES = [
  "BAD_USAGE",
  "BAD_ARGUMENT",
  "COMMAND_FAILED",
  "NO_GATEWAY",
  "NO_ANSWER",
  "NOT_PERMITTED",
  "NOT_HEALTHY",
  "UNEXPECTED_ANSWER",
  "CALL_FAILED",
  "SERVER_STATE",
  "TRIAL_FAILED",
  "INSTALL_FAILED",
  "NO_SUCH_SERVER",
  "NO_SUCH_TOOL",
  "NO_SUCH_CLIENT",
  "NO_SUCH_KEY",
  "NO_SUCH_GRANT",
  "NO_SUCH_PERSON",
  "NO_ADMIN",
  "PASSWORD_REFUSED",
  "DATABASE_UNUSABLE",
  "NOTHING_LOGGED",
  "NO_SUCH_FILE",
  "NOTHING_TO_IMPORT",
  "IMPORT_FAILED",
  "NO_PUBLIC_NAME",
  "DEPLOY_FAILED",
] as const;

/** One of them. */
export type CommandCode = (typeof COMMAND_CODES)[number];

/** A sentence with its code behind it. */
export function coded(code: CommandCode, message: string): string {
  return `${message} [${code}]`;
}

/** Ends a command: what went wrong, for a person; `exitCode` is the command's. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  /** Of this list, or a code of the gateway. */
  readonly code: string;
  readonly exitCode: number;

  constructor(code: CommandCode, message: string, exitCode: number = EXIT.bug, gatewayCode = "") {
    super(message);
    this.code = gatewayCode === "" ? code : gatewayCode;
    this.exitCode = exitCode;
  }

  /** The sentence with its code. */
  get text(): string {
    return `${this.message} [${this.code}]`;
  }
}
