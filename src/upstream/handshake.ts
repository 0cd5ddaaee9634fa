/**
 * The opening of one connection: `initialize`, its answer, and who sends `initialized`.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#initialization
 */
import { GatewayError } from "../kernel/error.ts";
import { textOf } from "../wire/key-text.ts";
import type { Era } from "../wire/revision.ts";
import { readDiscoverProfile, readProfile, type Profile } from "./profile.ts";
import type { Upstream } from "./upstream.ts";

/** The child answered its opening with an error, which belongs to the client that asked. */
export class HandshakeRefused extends GatewayError {
  /** The error object as the child wrote it. */
  readonly payload: Uint8Array;

  constructor(server: string, method: string, payload: Uint8Array) {
    const text = textOf(payload, 0, Math.min(payload.length, 500));
    super("UPSTREAM_UNAVAILABLE", `Server "${server}" refused ${method}: ${text}`, {
      retryable: false,
    });
    this.payload = payload;
  }
}

/** How a connection is opened: one process, one era. */
export interface Opening {
  readonly era: Era;
  /** Of `initialize`, or of an enveloped `server/discover`. */
  readonly params: Uint8Array;
}

/**
 * Sends the opening request of the era and reads the answer.
 * @throws HandshakeRefused, GatewayError UPSTREAM_PROTOCOL, UPSTREAM_TIMEOUT, UPSTREAM_EXITED
 */
export async function handshake(
  upstream: Upstream,
  options: { readonly server: string; readonly opening: Opening; readonly timeoutMs: number },
): Promise<Profile> {
  const { era, params } = options.opening;
  const method = era === "legacy" ? "initialize" : "server/discover";
  const answer = await upstream.ask({
    method,
    params: () => params,
    flow: "",
    timeoutMs: options.timeoutMs,
    urgent: true,
  });
  if (answer.kind === "error") throw new HandshakeRefused(options.server, method, answer.payload);
  const read = era === "legacy" ? readProfile : readDiscoverProfile;
  const profile = read(answer.payload);
  if (profile === undefined) {
    throw new GatewayError(
      "UPSTREAM_PROTOCOL",
      `Server "${options.server}" answered ${method} without a revision that is spoken here`,
      { retryable: false },
    );
  }
  return profile;
}
