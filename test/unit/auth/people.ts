/** Accounts on a database in memory, with a clock that a test moves. */
import { Accounts } from "../../../src/auth/accounts.ts";
import { openAuthDatabase } from "../../../src/auth/database.ts";
import { USER_TABLES, UserStore } from "../../../src/auth/user-store.ts";
import type { GatewayConfig, UserConfig } from "../../../src/config/model.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { Clock } from "../../../src/kernel/clock.ts";

/** Good enough for the rule. */
export const PASSWORD = "correct horse battery staple";

/** A configuration with these people and the servers `memory` and `notion`. */
export function configWith(users: Readonly<Record<string, Partial<UserConfig>>>): GatewayConfig {
  const server = { command: "true" };
  const file = {
    mcpServers: { memory: server, notion: server },
    proxy: { auth: { users, required: true } },
  };
  const { config, problems } = resolveConfig({
    flags: {},
    env: { DATA_DIR: "/unused" },
    workingFolder: "/",
    selfCommand: ["true"],
    file: { path: "/config.json", text: JSON.stringify(file) },
    fileFrom: "test",
    homeFolder: undefined,
    readFile: () => ({ ok: false, error: "there are no files" }),
  });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

/** A clock that stands still until it is moved. */
export class TestClock implements Pick<Clock, "nowMs" | "wallMs"> {
  #ms = 1_000_000;

  nowMs(): number {
    return this.#ms;
  }

  wallMs(): number {
    return this.#ms;
  }

  move(ms: number): void {
    this.#ms += ms;
  }
}

/** People without a password yet. */
export class Town {
  readonly clock = new TestClock();
  readonly database = openAuthDatabase(undefined, [USER_TABLES]);
  readonly store = new UserStore(this.database, () => this.clock.wallMs());
  config: GatewayConfig;
  readonly accounts: Accounts;

  constructor(users: Readonly<Record<string, Partial<UserConfig>>> = {}) {
    this.config = configWith(users);
    this.accounts = new Accounts({
      store: this.store,
      clock: this.clock,
      config: () => this.config,
    });
  }

  /** One try from an address, without anything that the browser has kept unless it is given. */
  try(
    user: string,
    password: string,
    from: { readonly address?: string; readonly browser?: string } = {},
  ): ReturnType<Accounts["verify"]> {
    const { address = "192.0.2.1", browser } = from;
    return this.accounts.verify({ user, password, address, browser });
  }
}
