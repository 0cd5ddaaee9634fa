/**
 * Pure. A hardened systemd unit for the gateway. Why each setting is there, or is not, stands in
 * docs/systemd.md.
 */

export interface UnitOptions {
  /** Absolute path of the executable. */
  readonly executable: string;
  /** Absolute path of the config file. */
  readonly configFile: string;
  /** A user that exists, or undefined for one that systemd makes for the service. */
  readonly user: string | undefined;
  /** Names of files below `/etc/credstore` that the unit may read, as `LoadCredential=` takes them. */
  readonly credentials: readonly string[];
}

const NAME = "remote-mcp-proxy";

type Section = readonly (readonly [key: string, value: string])[];

/** The unit's text. */
export function systemdUnit(options: UnitOptions): string {
  const sections: readonly (readonly [name: string, entries: Section])[] = [
    ["Unit", UNIT],
    ["Service", [...service(options), ...HARDENING]],
    ["Install", [["WantedBy", "multi-user.target"]]],
  ];
  return sections
    .map(([name, entries]) =>
      [`[${name}]`, ...entries.map(([key, value]) => `${key}=${value}`), ""].join("\n"),
    )
    .join("\n");
}

const UNIT: Section = [
  ["Description", "Remote MCP Proxy: local MCP servers for remote clients"],
  ["Wants", "network-online.target"],
  ["After", "network-online.target"],
  ["StartLimitIntervalSec", "300"],
  ["StartLimitBurst", "10"],
];

function service({ executable, configFile, user, credentials }: UnitOptions): Section {
  return [
    ["Type", "notify"],
    ["NotifyAccess", "main"],
    ["ExecStart", `${quoted(executable)} serve --config ${quoted(configFile)}`],
    ["ExecReload", "/bin/kill -HUP $MAINPID"],
    ["Restart", "on-failure"],
    ["RestartSec", "2s"],
    // Wrong usage and wrong configuration do not heal by themselves.
    ["RestartPreventExitStatus", "2 78"],
    ["WatchdogSec", "30s"],
    ["TimeoutStartSec", "30s"],
    ["TimeoutStopSec", "20s"],
    // The gateway stops its children itself, in order; what is left then is killed with the group.
    ["KillMode", "mixed"],
    // A server that runs out of memory is restarted by the gateway, not the gateway by systemd.
    ["OOMPolicy", "continue"],
    ...identity(user),
    ["StateDirectory", NAME],
    ["StateDirectoryMode", "0700"],
    ["LogsDirectory", NAME],
    ["LogsDirectoryMode", "0750"],
    ["ConfigurationDirectory", NAME],
    // npx, uvx and their like keep their caches in the home folder.
    ["Environment", `HOME=/var/lib/${NAME}`],
    ...credentials.map((name) => ["LoadCredential", name] as const),
    ["UMask", "0077"],
    ["LimitNOFILE", "65536"],
    ["TasksMax", "4096"],
    ["MemoryMax", "80%"],
  ];
}

function identity(user: string | undefined): Section {
  return user === undefined ? [["DynamicUser", "yes"]] : [["User", user]];
}

const HARDENING: Section = [
  ["NoNewPrivileges", "yes"],
  ["CapabilityBoundingSet", ""],
  ["AmbientCapabilities", ""],
  ["ProtectSystem", "strict"],
  ["ProtectHome", "yes"],
  ["PrivateTmp", "yes"],
  ["PrivateDevices", "yes"],
  ["ProtectClock", "yes"],
  ["ProtectHostname", "yes"],
  ["ProtectKernelTunables", "yes"],
  ["ProtectKernelModules", "yes"],
  ["ProtectKernelLogs", "yes"],
  ["ProtectControlGroups", "yes"],
  ["ProtectProc", "invisible"],
  ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"],
  ["RestrictNamespaces", "yes"],
  ["RestrictRealtime", "yes"],
  ["RestrictSUIDSGID", "yes"],
  ["LockPersonality", "yes"],
  ["RemoveIPC", "yes"],
  ["KeyringMode", "private"],
  ["SystemCallArchitectures", "native"],
  ["SystemCallFilter", "@system-service"],
  ["SystemCallErrorNumber", "EPERM"],
];

/** A word of a command line as systemd splits it; `%` and `$` are its own. */
function quoted(path: string): string {
  const escaped = path.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[A-Za-z0-9._/%$@:+-]+$/.test(path)
    ? escaped
    : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
