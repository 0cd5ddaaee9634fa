/**
 * Reads a configuration from text and values, without a file system.
 */
import {
  resolveConfig,
  type LoadedConfig,
  type ResolveInput,
} from "../../../src/config/resolve.ts";
import { err, ok } from "../../../src/kernel/result.ts";

/** What a test says; a config that is no text is written as JSON. */
export interface Given extends Partial<Omit<ResolveInput, "file">> {
  readonly config?: unknown;
  readonly files?: Readonly<Record<string, string>>;
}

/** The reading of `config` as the file /w/config.json, with an environment of PATH and HOME. */
export function read({ config, files = {}, ...given }: Given): LoadedConfig {
  const text = typeof config === "string" ? config : JSON.stringify(config, null, 2);
  return resolveConfig({
    flags: {},
    env: { PATH: "/bin", HOME: "/home/me" },
    fileFrom: "--config",
    workingFolder: "/w",
    homeFolder: "/home/me",
    selfCommand: ["/opt/gateway"],
    readFile: (path) => {
      const content = files[path];
      return content === undefined ? err("does not exist") : ok(content);
    },
    ...given,
    file: config === undefined ? undefined : { path: "/w/config.json", text },
  });
}

/** `line severity path: message`, one for each problem. */
export function problemsOf({ problems }: LoadedConfig): readonly string[] {
  return problems.map(
    ({ line, severity, path, message }) => `${line ?? "-"} ${severity} ${path}: ${message}`,
  );
}
