/**
 * Pure. Why the gateway could not start, with a code that docs/troubleshooting.md has an entry for.
 */
import type { GatewayConfig } from "../config/model.ts";
import { messageOf } from "../kernel/error.ts";

/** The kinds of faults at the start. */
export const START_CODES = [
  "PORT_IN_USE",
  "PORT_NOT_PERMITTED",
  "TLS_UNUSABLE",
  "START_FAILED",
] as const;

interface StartFailure {
  readonly code: (typeof START_CODES)[number];
  readonly message: string;
}

/** What to tell the operator: the message with what to do, and the code behind it. */
export function startFailureText(
  error: unknown,
  config: Pick<GatewayConfig, "host" | "port" | "tls">,
): string {
  const { code, message } = startFailure(error, config);
  return `${message} [${code}]`;
}

function startFailure(
  error: unknown,
  { host, port, tls }: Pick<GatewayConfig, "host" | "port" | "tls">,
): StartFailure {
  const systemCode = error instanceof Error && "code" in error ? error.code : undefined;
  if (systemCode === "EADDRINUSE") {
    const message = `cannot listen on ${host}:${port}: the port is in use. Stop the other program or give another --port`;
    return { code: "PORT_IN_USE", message };
  }
  if (systemCode === "EACCES") {
    const message = `cannot listen on ${host}:${port}: not permitted. Ports below 1024 need privileges; give another --port`;
    return { code: "PORT_NOT_PERMITTED", message };
  }
  if (tls !== undefined && /PEM|OPENSSL|BoringSSL|certificate|key/i.test(messageOf(error))) {
    const message = `cannot serve HTTPS with ${tls.certFile} and ${tls.keyFile}: ${messageOf(error)}`;
    return { code: "TLS_UNUSABLE", message };
  }
  return { code: "START_FAILED", message: `cannot start: ${messageOf(error)}` };
}
