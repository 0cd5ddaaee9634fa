/**
 * Answers of the last run, for clients that come while a slow server still starts: hosted clients
 * give up after ten seconds (protocol.md 9.14, 2.1).
 *
 * Owns which lists were answered so; once the server is up they are asked of it, and one that has
 * changed is announced. What is kept, and where, is `KeptServer`'s.
 */
import type { InstanceState } from "../kernel/event.ts";
import type { KeepOutcome, ProfileKey } from "../upstream/kept-server.ts";
import type { Link } from "../upstream/link.ts";
import type { Group } from "../upstream/group.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";

export interface KeptLists {
  list(key: ProfileKey, method: string): Uint8Array | undefined;
  keepHandshake(key: ProfileKey, result: Uint8Array): KeepOutcome;
  keepList(key: ProfileKey, method: string, result: Uint8Array): KeepOutcome;
}

/** What tells clients that a list is another one now. */
const ANNOUNCEMENTS: Readonly<Record<string, string>> = {
  "tools/list": "notifications/tools/list_changed",
  "prompts/list": "notifications/prompts/list_changed",
  "resources/list": "notifications/resources/list_changed",
  "resources/templates/list": "notifications/resources/list_changed",
};
const CHECK_TIMEOUT_MS = 30_000;

const COMING: ReadonlySet<InstanceState> = new Set([
  "starting",
  "backoff",
  "stopped",
  "stopping",
  "idle",
]);

/** True while a child is not there yet but will be, so that an old answer is better than none. */
export function isComing(link: Link): boolean {
  const { state, isHeld } = link.instance;
  return !isHeld && !link.isBarred && COMING.has(state);
}

export class KeptAnswers {
  readonly #kept: KeptLists;
  readonly #served = new WeakMap<Group, Set<string>>();

  constructor(kept: KeptLists) {
    this.#kept = kept;
  }

  /** The whole list of the last run, for a request of its first page; undefined to wait for the child. */
  list(group: Group, method: string, params: Uint8Array | undefined): Uint8Array | undefined {
    if (!isComing(group.link) || (params !== undefined && hasMember(params, "cursor"))) {
      return undefined;
    }
    const result = this.#kept.list(group.facts, method);
    if (result === undefined) return undefined;
    const served = this.#served.get(group) ?? new Set<string>();
    this.#served.set(group, served.add(method));
    group.link.start();
    return result;
  }

  /** Keeps a list that the child gave, when it came whole. */
  learn(group: Group, method: string, result: Uint8Array): KeepOutcome {
    if (ANNOUNCEMENTS[method] === undefined || hasMember(result, "nextCursor")) return "refused";
    return this.#kept.keepList(group.facts, method, result);
  }

  /** The child is up: its handshake is kept, and what was answered for it is checked. */
  ready(group: Group, upstream: Upstream, announce: (method: string) => void): void {
    const { profile } = group.link;
    if (profile !== undefined) this.#kept.keepHandshake(group.facts, profile.result);
    const served = this.#served.get(group);
    this.#served.delete(group);
    for (const method of served ?? []) {
      upstream.call({
        method,
        // A modern child wants to know who asks, also for a list.
        params: () => (group.era === "modern" ? group.opening : undefined),
        flow: "",
        timeoutMs: CHECK_TIMEOUT_MS,
        urgent: true,
        onAnswer: (answer) => {
          const announcement = ANNOUNCEMENTS[method];
          if (answer.kind !== "result" || announcement === undefined) return;
          const outcome = this.learn(group, method, answer.payload);
          if (outcome !== "same") announce(announcement);
        },
      });
    }
  }
}

function hasMember(object: Uint8Array, key: string): boolean {
  return memberNamed(objectMembers(object, 0, MAX_DEPTH) ?? [], key) !== undefined;
}
