/**
 * What each command is given by the program: its ways out, and how to load a configuration.
 */
import type { Command } from "commander";
import type { LoadInput } from "../config/load.ts";
import type { Environment } from "../config/settings.ts";
import type { HostFacts } from "../kernel/host-facts.ts";

export interface CommandContext {
  readonly env: Environment;
  readonly workingFolder: string;
  /** How our own executable is started. */
  readonly selfCommand: readonly string[];
  readonly host: HostFacts;
  /** The words behind `--`; undefined without `--`. */
  readonly words: readonly string[] | undefined;
  /** What a configuration is loaded from, for a command with the shared options. */
  readonly inputOf: (command: Command) => LoadInput;
  /** The same for a command with arguments of its own. */
  readonly inputFor: (command: Command) => LoadInput;
  /** On stdout: what was asked for. */
  readonly print: (text: string) => void;
  /** On stderr: what a person should know beside it. */
  readonly tell: (text: string) => void;
  readonly finish: (exitCode: number) => void;
}
