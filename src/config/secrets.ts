/**
 * Pure. Every value of a configuration that must never be shown, and whose it is.
 */
import type { OwnedSecrets } from "../kernel/redact.ts";
import type { GatewayConfig } from "./model.ts";

/** Values of the servers' own environment; secrets of clients and of the webhook. */
export function secretsOf(config: GatewayConfig): readonly OwnedSecrets[] {
  const { servers, auth, webhook } = config;
  const clients = Object.values(auth.clients).map((client) => client.secret);
  // The address of a webhook is often all that it takes to post there.
  const target = webhook === undefined ? [] : [webhook.url, new URL(webhook.url).pathname];
  const values = [...clients, webhook?.secret, ...target].filter((value) => value !== undefined);
  return [
    { server: undefined, values },
    ...servers.map(({ slug, secrets }) => ({ server: slug, values: secrets })),
  ];
}

/** Those of two configurations, for the time in which servers of the first still leave. */
export function secretsOfBoth(before: GatewayConfig, next: GatewayConfig): readonly OwnedSecrets[] {
  const all = [...secretsOf(before), ...secretsOf(next)];
  const owners = new Set(all.map(({ server }) => server));
  return [...owners].map((server) => ({
    server,
    values: all.flatMap((one) => (one.server === server ? one.values : [])),
  }));
}
