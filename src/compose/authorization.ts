/**
 * Authorization, wired: the database with the tables of every store, who may call, and what the HTTP
 * room is given of it. Nothing of it exists where authentication is off.
 */
import type { Database } from "bun:sqlite";
import { openAuthDatabase, watchChanges } from "../auth/database.ts";
import { PublicHosts } from "../auth/public-hosts.ts";
import { ResourceServer, type KeyLookup, type TokenLookup } from "../auth/resource-server.ts";
import { LOCAL_PRINCIPAL } from "../auth/principal.ts";
import { decideAuth, usersOf } from "../auth/rights.ts";
import type { GatewayConfig, ServerConfig } from "../config/model.ts";
import type { AuthPort } from "../http/context.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";

export interface AuthorizationOptions {
  /** As it is now; users and rights are read from it at every request. */
  readonly config: () => GatewayConfig;
  readonly clock: Clock;
  readonly emit: Emit;
}

export interface Authorization {
  readonly port: AuthPort;
  /** Tells it the port that is listened on; public URLs may carry it. */
  listensOn(port: number): void;
  close(): Promise<void>;
}

/** Opens it; undefined where everybody may call. */
export function openAuthorization(options: AuthorizationOptions): Authorization | undefined {
  const { config, clock, emit } = options;
  if (!decideAuth(config()).isOn) return undefined;
  const database = open(config().dataDir, emit);
  const resourceServer = new ResourceServer({
    tokens: NO_TOKENS,
    keys: NO_KEYS,
    config,
    changes: watchChanges(database),
    clock,
    emit,
  });
  let port = config().port;
  return {
    port: {
      resourceServer,
      publicHosts: () => new PublicHosts(config(), port),
      authorizationServer: undefined,
    },
    listensOn: (bound) => {
      port = bound;
    },
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

/**
 * Whose child of a server starts with the gateway; undefined where several people would have one each:
 * theirs start with their first call.
 */
export function bootUser(server: ServerConfig, config: GatewayConfig): string | undefined {
  if (!decideAuth(config).isOn || server.isolation === "none") return LOCAL_PRINCIPAL.user;
  const [first, second] = usersOf(server.slug, config);
  return second === undefined ? first : undefined;
}

/** Every store's tables. */
const TABLES: readonly string[] = [];

const NO_TOKENS: TokenLookup = { find: () => undefined };
const NO_KEYS: KeyLookup = { isKey: () => false, find: () => undefined };

/** A folder that cannot be used costs what would have been kept, never the start. */
function open(folder: string, emit: Emit): Database {
  try {
    return openAuthDatabase(folder, TABLES);
  } catch (error) {
    const message = `sign-ins and keys are not kept, since the database in ${folder} cannot be used: ${messageOf(error)}`;
    emit({ kind: "gateway.notice", level: "ERROR", message });
    return openAuthDatabase(undefined, TABLES);
  }
}
