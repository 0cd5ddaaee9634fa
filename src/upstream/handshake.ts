/**
 * The opening of one connection: `initialize`, its answer, and who sends `initialized`.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#initialization
 */
import { GatewayError } from "../kernel/error.ts";
import { textOf } from "../wire/key-text.ts";
import { readProfile, type Profile } from "./profile.ts";
import type { Upstream } from "./upstream.ts";

/** The child answered `initialize` with an error, which belongs to the client that asked. */
export class HandshakeRefused extends GatewayError {
  /** The error object as the child wrote it. */
  readonly payload: Uint8Array;

  constructor(server: string, payload: Uint8Array) {
    const text = textOf(payload, 0, Math.min(payload.length, 500));
    super("UPSTREAM_UNAVAILABLE", `Server "${server}" refused initialize: ${text}`, {
      retryable: false,
    });
    this.payload = payload;
  }
}

/**
 * Sends `initialize` with the given params and reads the answer.
 * @throws HandshakeRefused, GatewayError UPSTREAM_PROTOCOL, UPSTREAM_TIMEOUT, UPSTREAM_EXITED
 */
export async function handshake(
  upstream: Upstream,
  options: { readonly server: string; readonly params: Uint8Array; readonly timeoutMs: number },
): Promise<Profile> {
  const answer = await upstream.ask({
    method: "initialize",
    params: () => options.params,
    flow: "",
    timeoutMs: options.timeoutMs,
    urgent: true,
  });
  if (answer.kind === "error") throw new HandshakeRefused(options.server, answer.payload);
  const profile = readProfile(answer.payload);
  if (profile === undefined) {
    throw new GatewayError(
      "UPSTREAM_PROTOCOL",
      `Server "${options.server}" answered initialize without a protocolVersion`,
      { retryable: false },
    );
  }
  return profile;
}
