/**
 * Pure. What the handshake told about a child: identity, revision and capabilities, with the bytes
 * of its InitializeResult kept, so that members unknown here reach the client.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#initialization
 */
import {
  arrayElements,
  MAX_DEPTH,
  memberNamed,
  objectMembers,
  stringValue,
  type Member,
} from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { LATEST_MODERN, type Era } from "../wire/revision.ts";
import { applyEdits, keepMembers, type Edit } from "../wire/splice.ts";

export interface Profile {
  /** How the connection was opened, and what `result` is: an InitializeResult or a DiscoverResult. */
  readonly era: Era;
  /** As the child wrote it. */
  readonly result: Uint8Array;
  /** The revision that is spoken. */
  readonly revision: string;
  /** Names of the declared capabilities. */
  readonly capabilities: ReadonlySet<string>;
  readonly subscribes: boolean;
}

/** Reads an InitializeResult; undefined when it is none. */
export function readProfile(result: Uint8Array): Profile | undefined {
  const members = objectMembers(result, 0, MAX_DEPTH);
  if (members === undefined) return undefined;
  const revision = stringValue(result, memberNamed(members, "protocolVersion"));
  return revision === undefined ? undefined : profileOf("legacy", result, members, revision);
}

/** Reads a DiscoverResult; undefined when it is none or speaks no revision of ours. */
export function readDiscoverProfile(result: Uint8Array): Profile | undefined {
  const members = objectMembers(result, 0, MAX_DEPTH);
  const versions = members === undefined ? undefined : memberNamed(members, "supportedVersions");
  if (members === undefined || versions === undefined) return undefined;
  const listed = arrayElements(result, versions.start, MAX_DEPTH) ?? [];
  const speaks = listed.some((one) => stringValue(result, one) === LATEST_MODERN);
  return speaks ? profileOf("modern", result, members, LATEST_MODERN) : undefined;
}

function profileOf(
  era: Era,
  result: Uint8Array,
  members: readonly Member[],
  revision: string,
): Profile {
  const declared = membersOf(result, memberNamed(members, "capabilities"));
  const resources = membersOf(result, memberNamed(declared, "resources"));
  const subscribe = memberNamed(resources, "subscribe");
  return {
    era,
    result,
    revision,
    capabilities: new Set(declared.map((member) => member.key)),
    subscribes:
      subscribe !== undefined && textOf(result, subscribe.start, subscribe.end) === "true",
  };
}

function membersOf(bytes: Uint8Array, member: Member | undefined): readonly Member[] {
  return member === undefined ? [] : (objectMembers(bytes, member.start, MAX_DEPTH) ?? []);
}

/**
 * The InitializeResult for a client that shares the child: its own revision, and no capability
 * that a shared child cannot keep (protocol.md 4.4).
 */
export function sharedInitializeResult(profile: Profile, revision: string): Uint8Array {
  const { result } = profile;
  const members = objectMembers(result, 0, MAX_DEPTH) ?? [];
  const edits: Edit[] = [];
  for (const member of members) {
    if (member.key === "protocolVersion") {
      edits.push({ start: member.start, end: member.end, text: JSON.stringify(revision) });
    } else if (member.key === "capabilities" && profile.capabilities.has("tasks")) {
      const declared = membersOf(result, member);
      const text = keepMembers(result, declared, (one) => one.key !== "tasks");
      edits.push({ start: member.start, end: member.end, text });
    }
  }
  return applyEdits(result, edits);
}
