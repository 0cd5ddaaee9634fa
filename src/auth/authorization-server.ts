/**
 * Pure. What the rest of the program knows of an authorization server engine (auth.md 3.2, 3.3), so
 * that the engine can be changed. It does the protocol; who a person is, is decided elsewhere.
 */
import type { Issuer } from "./public-hosts.ts";

/**
 * Where a browser is sent, below the issuer, while its request waits: the id follows. The page binds
 * the id to the browser in the very answer that sends it there, so no other browser can go on with it.
 */
export const SIGN_IN_PATH = "/sign-in/";

/** An authorization request that waits for a person. */
export interface PendingAuthorization {
  readonly id: string;
  readonly issuer: Issuer;
  readonly clientId: string;
  /** As the client calls itself: cleaned, at most 80 characters, may be a lie. */
  readonly clientName: string;
  /** Host of the client's own document, or `configuration`; undefined when nobody vouches. */
  readonly verifiedBy: string | undefined;
  readonly redirectUri: string;
  /** The server that it is for. */
  readonly slug: string;
  /** Follows one client from its registration to its first call, in the log of events. */
  readonly correlation: string;
}

/** A token that was found good. */
export interface AccessGrant {
  readonly user: string;
  readonly clientId: string;
  /** The one server that it is for. */
  readonly slug: string;
  readonly grantId: string;
  readonly expiresAtMs: number;
  readonly correlation: string;
  /** True once for each grant: its first use. */
  readonly isFirstUse: boolean;
}

/** A leave that a person has given, for lists. */
export interface GrantSummary {
  readonly grantId: string;
  readonly user: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly slug: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | undefined;
}

export interface AuthorizationServer {
  /**
   * Serves /authorize (and what follows it), /token, /register and /revoke of an issuer. A request
   * that waits for a person is answered by a redirect to `{issuer}/sign-in/{id}`, with an id that
   * cannot be guessed. What must not be redirected is an answer in `text/html`, made by the
   * `ErrorPage` that the engine is given; `http/` adds the headers of a page to it.
   */
  serve(request: Request, issuer: Issuer, peer: Peer): Promise<Response>;
  /** The document of RFC 8414. */
  metadata(issuer: Issuer): object;
  /** The request that waits under this id in this browser; undefined when there is none (any more). */
  pending(issuer: Issuer, id: string): Promise<PendingAuthorization | undefined>;
  /** Ends the wait with a leave. @returns where the browser goes on, an absolute URL of the issuer */
  approve(issuer: Issuer, id: string, user: string): Promise<string>;
  /** Ends the wait without. @returns where the browser goes on */
  deny(issuer: Issuer, id: string): Promise<string>;
  close(): Promise<void>;
}

/** An error for a person to read: escaped, with what to do next. Whole document of HTML. */
export type ErrorPage = (problem: {
  /** A short sentence, such as "This request cannot go on". */
  readonly title: string;
  /** What is wrong, in words for the person; may hold text of the client. */
  readonly message: string;
}) => string;

/** Whom a request came from, as far as the gateway believes it. */
export interface Peer {
  /** An IP address; undefined when it cannot be known. */
  readonly address: string | undefined;
}
