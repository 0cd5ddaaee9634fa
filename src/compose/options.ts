/**
 * What the composition root is built from.
 */
import type { GatewayConfig } from "../config/model.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import type { LogRings } from "../observe/log-ring.ts";

/** Reads the configuration again; `dataDir` is the folder that is in use. */
export type LoadAgain = (dataDir?: string) => LoadedConfig;

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly version: string;
  /** How our own executable is started, for its hidden modes. */
  readonly selfCommand: readonly string[];
  readonly host: HostFacts;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The last lines of the log, for whoever cannot read files. */
  readonly logs: LogRings;
  /** How the configuration is read again; without it there is nothing to reload. */
  readonly load?: LoadAgain;
  /** Told when a reload begins and ends. */
  readonly onReloading?: (isBusy: boolean) => void;
  /** Given each new configuration, before any server is touched. */
  readonly onReload?: (config: GatewayConfig, before: GatewayConfig) => void;
}
