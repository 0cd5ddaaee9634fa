/**
 * Pure. The one stream of facts that logs, metrics and pages read, so that they cannot disagree.
 * Rooms do not log: they emit.
 */

import type { HealthEvent, StateCause } from "./health-event.ts";

export type LogLevel = "ERROR" | "WARNING" | "INFO" | "DEBUG" | "TRACE";

/** A person's words for where an instance is. `idle` is stopped on purpose and started on demand. */
export type InstanceState =
  "stopped" | "starting" | "ready" | "degraded" | "backoff" | "stopping" | "failed" | "idle";

/** A step of authorization. Never holds a secret; ids of grants and keys are no secrets. */
export interface AuthEvent {
  readonly kind: "auth.step";
  readonly step:
    | "client.registered"
    | "authorize.asked"
    | "user.signed-in"
    | "authorize.approved"
    | "authorize.denied"
    | "token.issued"
    | "token.refreshed"
    | "token.revoked"
    | "first.use"
    | "key.used"
    | "user.set-up"
    | "request.refused";
  readonly outcome: "ok" | "refused";
  /** Follows one client from its registration to its first call; undefined where there is no client yet. */
  readonly correlation?: string;
  readonly user?: string;
  readonly client?: string;
  readonly server?: string;
  /** Why it was refused, in words for the operator. */
  readonly reason?: string;
}

/**
 * How a request ended. `result` and `error` are the server's own answers, or the gateway's for it;
 * `failed` is the gateway's or the server's fault, `refused` the caller's.
 */
export type RequestOutcome = "result" | "error" | "failed" | "cancelled" | "refused";

export type GatewayEvent =
  | AuthEvent
  | HealthEvent
  | { readonly kind: "gateway.notice"; readonly level: LogLevel; readonly message: string }
  | { readonly kind: "gateway.listening"; readonly url: string }
  | { readonly kind: "gateway.stopping"; readonly reason: string }
  | { readonly kind: "gateway.stopped" }
  | {
      readonly kind: "instance.state";
      readonly server: string;
      readonly instance: string;
      readonly from: InstanceState;
      readonly to: InstanceState;
      /** What caused the change, in words: "exited with code 1", "handshake answered". */
      readonly cause: string;
      /** The same for programs. */
      readonly why: StateCause;
    }
  | {
      readonly kind: "child.spawned";
      readonly server: string;
      readonly instance: string;
      readonly pid: number;
    }
  | {
      readonly kind: "child.exited";
      readonly server: string;
      readonly instance: string;
      readonly pid: number;
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly expected: boolean;
    }
  | {
      readonly kind: "child.stderr";
      readonly server: string;
      readonly instance: string;
      readonly line: string;
    }
  /** Lines on stdout that are no JSON-RPC message: counted and skipped. */
  | {
      readonly kind: "child.noise";
      readonly server: string;
      readonly instance: string;
      /** One of them. */
      readonly sample: string;
      readonly count: number;
    }
  /** A message of a child or to it, at TRACE only; cut. */
  | {
      readonly kind: "message.body";
      readonly server: string;
      readonly instance: string;
      readonly direction: "sent" | "received";
      readonly text: string;
    }
  /** A message that has no recipient and was dropped. */
  | {
      readonly kind: "message.dropped";
      readonly server: string;
      readonly reason: string;
      /** How many, when this tells of several; the reason is the last one's. */
      readonly count?: number;
    }
  | {
      readonly kind: "session.opened";
      readonly server: string;
      readonly sessionRef: string;
      readonly binding: string;
    }
  | {
      readonly kind: "session.closed";
      readonly server: string;
      readonly sessionRef: string;
      readonly reason: string;
    }
  | {
      readonly kind: "request.settled";
      readonly server: string;
      readonly sessionRef: string | undefined;
      /** The person; `local` without authentication. */
      readonly user?: string | undefined;
      /** Of a `tools/call`: the tool as the client calls it. */
      readonly tool?: string | undefined;
      readonly method: string;
      /** The client's id as JSON text. */
      readonly id: string;
      /** What the request means, whoever is behind. */
      readonly era: "legacy" | "modern";
      readonly outcome: RequestOutcome;
      readonly durationMs: number;
    }
  /** A message about failed and recovered servers has come to its end. */
  | {
      readonly kind: "webhook.sent";
      readonly outcome: "delivered" | "failed";
      /** That it was about. */
      readonly servers: number;
    }
  /** An optional list that was answered by the gateway because the child did not. */
  | {
      readonly kind: "list.substituted";
      readonly server: string;
      readonly method: string;
      readonly reason: string;
    };

export type Emit = (event: GatewayEvent) => void;
