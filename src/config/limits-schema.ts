/**
 * Pure. The shape of the block `proxy.limits`, with the description of every key.
 */
import { count, duration, size } from "./fields.ts";

/** The keys of `proxy.limits`, named as in `Limits` of model.ts without the `Ms`. */
export const LIMITS_SHAPE = {
  maxBodyBytes: size("64MiB", "Longest body of an MCP request; a longer one is answered with 413."),
  maxJsonDepth: count(200, "Deepest nesting of JSON in a message.", { min: 8, max: 10_000 }),
  maxBatch: count(100, "Messages in one batch (revision 2025-03-26 only).", {
    min: 1,
    max: 10_000,
  }),
  maxSessions: count(10_000, "Sessions of all servers together.", { min: 1, max: 1_000_000 }),
  maxSessionsPerServer: count(2_000, "Sessions of one server.", { min: 1, max: 1_000_000 }),
  sessionIdle: duration("30m", "Idle time after which a session ends."),
  maxStreamsPerSession: count(64, "Event streams of one session that are open or can be resumed.", {
    min: 1,
    max: 10_000,
  }),
  maxStreamsPerClient: count(256, "Open event streams of one program of one person.", {
    min: 1,
    max: 1_000_000,
  }),
  maxStreamsPerServer: count(4_096, "Open event streams of one server.", {
    min: 1,
    max: 1_000_000,
  }),
  streamLifetime: duration("24h", "How long an event stream may last; clients open a new one."),
  maxCallsPerMinute: count(
    0,
    "MCP requests of one person in a minute, all servers together; one more is answered with 429. `0` for no limit.",
    { min: 0, max: 1_000_000 },
  ),
  maxStreamBufferBytes: size(
    "16MiB",
    "What may wait in one event stream for a slow reader before the stream is ended.",
  ),
  maxReplayEvents: count(1_000, "Events of one stream that are kept for `Last-Event-ID`.", {
    min: 0,
    max: 1_000_000,
  }),
  maxReplayBytes: size("1MiB", "The same in bytes.", { min: 0 }),
  maxReplayTotalBytes: size("256MiB", "What the kept events of all streams may hold together.", {
    min: 0,
  }),
  maxPendingBytes: size(
    "256MiB",
    "What the unanswered requests of one server may hold together; one more is refused.",
    { min: 1 },
  ),
  replayKeep: duration("5m", "How long a stream can be resumed after its end."),
  lazyStream: duration(
    "5s",
    "Silence after which an answer that is still awaited becomes an event stream.",
  ),
  keepAlive: duration("15s", "Period of keep-alive comments on a quiet event stream.", {
    min: 1_000,
  }),
  clientAnswerTimeout: duration(
    "10m",
    "How long a client may take to answer a question of a server (sampling, elicitation, roots).",
  ),
  streamWait: duration("5s", "How long such a question waits for a stream to the client."),
  shutdown: duration("8s", "The whole stop of the gateway; what still runs then is killed."),
  drain: duration("1500ms", "The part of it in which running requests may finish.", { min: 0 }),
};
