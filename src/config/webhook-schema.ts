/**
 * Pure. The shape of the block `proxy.webhook`: who is told when a server fails and when it is back.
 */
import { z } from "zod";
import { duration, judged, oneOf } from "./fields.ts";
import { judgeWebhookUrl } from "./scalars.ts";
import { text } from "./schema-values.ts";

/** What can be told. */
export const WEBHOOK_EVENTS = ["server.failed", "server.recovered"] as const;

/** The keys of `proxy.webhook`. */
export const WEBHOOK_SHAPE = {
  url: judged(judgeWebhookUrl).meta({
    description: "Where to POST; best as `${VAR}` when the address itself is a secret.",
  }),
  secret: text.optional().meta({
    description:
      "Signs each message as Standard Webhooks does (`webhook-signature`, HMAC-SHA256); best as `${file:…}` or `${VAR}`.",
  }),
  events: z
    .array(oneOf(WEBHOOK_EVENTS))
    .min(1, { error: "must name an event" })
    .prefault([...WEBHOOK_EVENTS])
    .meta({ description: "What is told." }),
  minInterval: duration(
    "1m",
    "Shortest time between two messages; what happens in between is told in one.",
    { min: 1_000, max: 86_400_000 },
  ),
};
