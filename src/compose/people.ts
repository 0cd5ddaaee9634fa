/**
 * People, wired: accounts on the database, the way through sign-in and consent, and the link by which
 * the first person gets in.
 */
import type { Database } from "bun:sqlite";
import { Accounts } from "../auth/accounts.ts";
import type { AuthorizationServer } from "../auth/authorization-server.ts";
import { BrowserSessions } from "../auth/browser-sessions.ts";
import { PublicHosts } from "../auth/public-hosts.ts";
import { rightsOf } from "../auth/rights.ts";
import { setUpUrl } from "../auth/set-up-url.ts";
import { SignIn } from "../auth/sign-in.ts";
import { UserStore } from "../auth/user-store.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { PeoplePort } from "../http/context.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";

export interface PeopleOptions {
  /** With `USER_TABLES`. */
  readonly database: Database;
  readonly engine: AuthorizationServer | undefined;
  /** As it is now. */
  readonly config: () => GatewayConfig;
  /** The port that is listened on. */
  readonly port: () => number;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A link for the one who is to be let in first. */
export interface FirstSetUp {
  readonly user: string;
  readonly url: string;
}

export interface People {
  readonly port: PeoplePort;
  /** Makes a new link while nobody has a password; the one before is dead. */
  firstSetUp(): FirstSetUp | undefined;
}

/** Builds it. */
export function createPeople(options: PeopleOptions): People {
  const { database, engine, config, port, clock, emit } = options;
  const store = new UserStore(database, () => clock.wallMs());
  const accounts = new Accounts({ store, clock, config });
  const sessions = new BrowserSessions(clock);
  return {
    port: {
      accounts,
      signIn:
        engine === undefined
          ? undefined
          : new SignIn({ engine, accounts, sessions, clock, config, emit }),
      addressesOf: (user) => addressesOf(user, config(), port()),
      emit,
    },
    firstSetUp: () => {
      const user = accounts.firstPerson;
      if (user === undefined) return undefined;
      return { user, url: setUpUrl(config(), port(), accounts.createLink(user)) };
    },
  };
}

/** As the authorization server names them: a client compares what was typed with that. */
function addressesOf(user: string, config: GatewayConfig, port: number): readonly string[] {
  const hosts = new PublicHosts(config, port);
  const servers = rightsOf(user, config)?.servers;
  return config.servers
    .filter(({ slug }) => servers === "all" || servers?.has(slug) === true)
    .flatMap(({ slug }) => {
      const issuer = hosts.issuerFor(slug, config.publicUrl === undefined);
      return hosts.resourcesOf(issuer, slug).slice(0, 1);
    });
}
