/**
 * A request of a modern client as the binding hands it to the bridge.
 */
import type { ModernEnvelope } from "../codec/modern-request.ts";
import type { Message } from "../wire/message.ts";
import type { Exchange } from "./exchange.ts";

/** A modern request as the binding hands it over. */
export interface ModernRequest {
  readonly principal: string;
  readonly message: Message;
  readonly envelope: ModernEnvelope;
  readonly exchange: Exchange;
  /** A header of the HTTP request. */
  readonly header: (name: string) => string | null;
}

/** What is left to do for a request whose client has left. */
export type Disconnect = () => void;
