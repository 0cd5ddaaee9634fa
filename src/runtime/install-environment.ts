/**
 * Pure. The environment of an installation: the gateway's way to the registry, then the server's own
 * environment, then what keeps the settings of other programs out.
 */

/** What an environment is made of. */
export interface InstallEnvironment {
  /** Proxies, certificate authorities, settings of npm. */
  readonly gateway: Readonly<Record<string, string>>;
  /** The whole environment of the server. */
  readonly server: Readonly<Record<string, string>>;
  /** A registry that the command line names. */
  readonly registry: string | undefined;
  /** Downloads are kept here. */
  readonly cacheFolder: string;
}

/** What makes our executable a Bun that reads no settings of the folder it runs in. */
export function runtimeVariables(guards: readonly string[]): Readonly<Record<string, string>> {
  // The options are for what the program starts by its own path; it has them itself as arguments.
  const isPlain = guards.every((word) => !/\s/.test(word));
  return { BUN_BE_BUN: "1", ...(isPlain ? { BUN_OPTIONS: guards.join(" ") } : {}) };
}

/** npm reads its variables in any case; the stronger one must not stand beside the weaker. */
export function installVariables(parts: InstallEnvironment): Readonly<Record<string, string>> {
  const { gateway, server, registry, cacheFolder } = parts;
  const merged = new Map<string, readonly [string, string]>();
  for (const [name, value] of [...Object.entries(gateway), ...Object.entries(server)]) {
    const isNpm = /^npm_config_/i.test(name);
    merged.set(isNpm ? name.toUpperCase() : name, [isNpm ? name.toUpperCase() : name, value]);
  }
  return {
    ...Object.fromEntries(merged.values()),
    ...(registry === undefined ? {} : { NPM_CONFIG_REGISTRY: registry }),
    // The user's bunfig.toml is looked for here and so not found; ~/.npmrc still is.
    XDG_CONFIG_HOME: "/dev/null",
    BUN_INSTALL_CACHE_DIR: cacheFolder,
    BUN_BE_BUN: "1",
  };
}

/** The registry that a server's environment names; it decides what a package is. */
export function registryIn(env: Readonly<Record<string, string>>): string | undefined {
  const entry = Object.entries(env).find(([name]) =>
    /^(npm_config|bun_config)_registry$/i.test(name),
  );
  return entry?.[1];
}
