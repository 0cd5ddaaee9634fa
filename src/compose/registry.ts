/**
 * The sessions of a gateway, with its limits.
 */
import { base64Url } from "../kernel/base64url.ts";
import { ByteBudget } from "../kernel/byte-budget.ts";
import { SessionRegistry } from "../session/registry.ts";
import type { GatewayOptions } from "./options.ts";

/** An empty registry; ids are random, references are short and reveal none. */
export function createRegistry({
  config,
  clock,
  emit,
}: Pick<GatewayOptions, "config" | "clock" | "emit">): SessionRegistry {
  const { limits } = config;
  return new SessionRegistry({
    ...limits,
    session: { ...limits, replayBudget: new ByteBudget(limits.maxReplayTotalBytes) },
    clock,
    emit,
    randomId: () => base64Url(crypto.getRandomValues(new Uint8Array(32))),
    refOf: (id) => Bun.SHA256.hash(id, "hex").slice(0, 8),
  });
}
