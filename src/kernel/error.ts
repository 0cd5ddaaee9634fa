/**
 * Pure. The one class of errors that this program throws on purpose.
 *
 * `code` is stable and reaches clients as `error.data.gateway.code`; `message` is safe to show to
 * a remote caller; `detail` is for the log only.
 */

export type GatewayErrorCode =
  /** The child could not be started; final until the configuration changes (ENOENT, bad cwd, EACCES). */
  | "UPSTREAM_SPAWN_FAILED"
  /** The child ended while the call was in flight, or before it could be written. */
  | "UPSTREAM_EXITED"
  /** The child is failed or did not become ready before the caller's deadline. */
  | "UPSTREAM_UNAVAILABLE"
  /** The child did not answer in time. */
  | "UPSTREAM_TIMEOUT"
  /** The child's answer broke a limit or the protocol. */
  | "UPSTREAM_PROTOCOL"
  /** A queue, session or process cap is reached. */
  | "OVERLOADED"
  /** The gateway is stopping. */
  | "DRAINING"
  /** The session ended while the call was in flight. */
  | "SESSION_ENDED";

export interface GatewayErrorOptions {
  readonly retryable: boolean;
  /** Extra members for `error.data.gateway`, safe to show. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly detail?: string;
  readonly cause?: unknown;
}

export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: GatewayErrorCode;
  readonly retryable: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  readonly detail: string | undefined;

  constructor(code: GatewayErrorCode, message: string, options: GatewayErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
    this.data = options.data ?? {};
    this.detail = options.detail;
  }
}

/** Text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
