/**
 * Pure. The shape of the block `proxy.webhook`: who is told when a server fails and when it is back.
 */
import * as z from "zod/mini";
import { optional, preset, required } from "./block.ts";
import { duration, judged, oneOf } from "./fields.ts";
import { judgeWebhookUrl } from "./scalars.ts";
import { text } from "./schema-values.ts";

/** What can be told. */
export const WEBHOOK_EVENTS = ["server.failed", "server.recovered"] as const;

/** The keys of `proxy.webhook`. */
export const WEBHOOK_SHAPE = {
  url: required("Where to POST; best as `${VAR}` when the address itself is a secret.", () =>
    judged(judgeWebhookUrl),
  ),
  secret: optional(
    "Signs each message as Standard Webhooks does (`webhook-signature`, HMAC-SHA256); best as `${file:…}` or `${VAR}`.",
    text,
  ),
  events: preset([...WEBHOOK_EVENTS], "What is told.", () =>
    z.array(oneOf(WEBHOOK_EVENTS)).check(z.minLength(1, { error: "must name an event" })),
  ),
  minInterval: duration(
    "1m",
    "Shortest time between two messages; what happens in between is told in one.",
    { min: 1_000, max: 86_400_000 },
  ),
};
