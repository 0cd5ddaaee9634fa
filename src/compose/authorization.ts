/**
 * Authorization, wired: the database with the tables of every store, who may call, and what the HTTP
 * room is given of it. Nothing of it exists where authentication is off.
 */
import { KEY_TABLES, KeyStore } from "../auth/key-store.ts";
import { EVENT_TABLES } from "../auth/event-store.ts";
import { openAuthDatabase, watchChanges, type AuthDatabase } from "../auth/database.ts";
import { AUTHORIZATION_SERVER_TABLES, EmbeddedServer } from "../auth/embedded-server.ts";
import { PublicHosts } from "../auth/public-hosts.ts";
import { ResourceServer } from "../auth/resource-server.ts";
import { LOCAL_PRINCIPAL } from "../auth/principal.ts";
import { decideAuth, OWNER, peopleOf, rightsOf, usersOf } from "../auth/rights.ts";
import { TokenBuckets } from "../auth/token-bucket.ts";
import { TokenStore } from "../auth/token-store.ts";
import { USER_TABLES } from "../auth/user-store.ts";
import type { GatewayConfig, ServerConfig } from "../config/model.ts";
import type { AuthPort } from "../http/context.ts";
import { errorPage } from "../http/pages/error-page.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import { keepSteps } from "./kept-steps.ts";
import { createPeople, type FirstSetUp } from "./people.ts";

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
  /** A link for the first person, new each time, while nobody has a password. */
  firstSetUp(): FirstSetUp | undefined;
  close(): Promise<void>;
}

/** Opens it; undefined where everybody may call. */
export function openAuthorization(options: AuthorizationOptions): Authorization | undefined {
  const { config, clock } = options;
  if (!decideAuth(config()).isOn) return undefined;
  const database = open(config().dataDir, options.emit);
  const steps = keepSteps(options.emit, database, clock);
  const { emit } = steps;
  const tokens = new TokenStore({ database, wallMs: () => clock.wallMs() });
  const keys = new KeyStore(database, clock);
  const flush = (): void => {
    try {
      keys.flush();
    } catch (error) {
      const message = `when keys were used last cannot be noted: ${messageOf(error)}`;
      emit({ kind: "gateway.notice", level: "ERROR", message });
    }
  };
  const timer = clock.every(FLUSH_MS, flush);
  const resourceServer = new ResourceServer({
    tokens: { find: (token) => tokens.findAccessToken(token) },
    keys,
    config,
    changes: watchChanges(database, () => clock.nowMs()),
    clock,
    emit,
  });
  let port = config().port;
  const publicHosts = (): PublicHosts => new PublicHosts(config(), port);
  const authorizationServer = new EmbeddedServer({
    config,
    hosts: publicHosts,
    database,
    tokens,
    clock,
    emit,
    errorPage,
  });
  const people = createPeople({
    database,
    engine: authorizationServer,
    config,
    port: () => port,
    clock,
    emit,
  });
  return {
    port: { resourceServer, publicHosts, authorizationServer, people: people.port },
    firstSetUp: () => people.firstSetUp(),
    listensOn: (bound) => {
      port = bound;
    },
    close: async () => {
      timer.cancel();
      flush();
      await authorizationServer.close();
      steps.flush();
      database.close();
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

/** True where only this machine is served, and nobody is asked who they are. */
export function isForThisMachine(config: GatewayConfig): boolean {
  const decision = decideAuth(config);
  return !decision.isOn && !decision.isInsecure;
}

/** Says when a reload would switch authentication on or off, which waits for the next start. */
export function tellAuthChange(started: GatewayConfig, next: GatewayConfig, emit: Emit): void {
  const [isOn, willBeOn] = [decideAuth(started).isOn, decideAuth(next).isOn];
  if (isOn === willBeOn) return;
  const message = `authentication stays ${isOn ? "on" : "OFF"} until the next start, which will switch it ${willBeOn ? "on" : "off"}`;
  emit({ kind: "gateway.notice", level: "WARNING", message });
}

/** Whose processes serve the owner of the machine, who is not asked: those that run already, if any. */
export function localUser(config: GatewayConfig): string {
  if (!decideAuth(config).isOn) return LOCAL_PRINCIPAL.user;
  const people = peopleOf(config);
  return people.find((user) => rightsOf(user, config)?.isAdmin) ?? people[0] ?? OWNER;
}

const MINUTE_MS = 60_000;
/** More people than that do not call in one minute. */
const MAX_PEOPLE = 10_000;

/** How often a person may call; undefined for any number of times. */
export function callLimit(config: GatewayConfig, clock: Clock): TokenBuckets | undefined {
  const { maxCallsPerMinute: capacity } = config.limits;
  if (capacity === 0) return undefined;
  return new TokenBuckets({ capacity, periodMs: MINUTE_MS, maxKeys: MAX_PEOPLE }, clock);
}

/** Every store's tables. */
const TABLES: readonly string[] = [
  KEY_TABLES,
  ...AUTHORIZATION_SERVER_TABLES,
  USER_TABLES,
  ...EVENT_TABLES,
];
const FLUSH_MS = 30_000;

/** A folder that cannot be used costs what would have been kept, never the start. */
function open(folder: string, emit: Emit): AuthDatabase {
  try {
    return openAuthDatabase(folder, TABLES);
  } catch (error) {
    const message = `sign-ins and keys are not kept, since the database in ${folder} cannot be used: ${messageOf(error)}`;
    emit({ kind: "gateway.notice", level: "ERROR", message });
    return openAuthDatabase(undefined, TABLES);
  }
}
