/**
 * Pure. One server as a client's file has it, and as ours does.
 */

/** As found. */
export interface RawServer {
  readonly name: string;
  readonly entry: unknown;
  /** The folder that it belongs to, where the file says one. */
  readonly folder: string | undefined;
}

/** As our config file takes it: keys in the order in which people write them. */
export interface ImportedEntry {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly disabled?: true;
}

/** True for an object with string keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
