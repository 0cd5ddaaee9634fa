/**
 * What is kept between runs and what it is kept with: the composition root's hands in the data
 * folder.
 */
import { decideAuth } from "../auth/rights.ts";
import { createStateSealer, type StateSealer } from "../bridge/request-state.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import { openDataFolder } from "../runtime/data-folder.ts";
import { ProfileStore } from "../upstream/profile-store.ts";

interface KeptOptions {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What outlives a run, in the data folder. */
export interface Kept {
  readonly store: ProfileStore;
  readonly sealer: StateSealer;
}

/** Opens it. Never throws: a folder that cannot be used keeps nothing, and says so. */
export function openKept({ config, clock, emit }: KeptOptions): Kept {
  const files = openDataFolder(config.dataDir, emit, () => clock.wallMs());
  const { secret } = files;
  const store = new ProfileStore({ files, secret, clock, emit });
  store.load(config.servers);
  return { store, sealer: createStateSealer(secret, clock, decideAuth(config).isOn) };
}
