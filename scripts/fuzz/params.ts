/**
 * Params of the methods of every era, and the answers to questions. What they ask of a tool is
 * harmless: the fixtures must live through the whole run, and a call must not last.
 */
import type { Chance, MemberText } from "./chance.ts";

/** What a run has learnt and puts into later messages. */
export interface Memory {
  /** States that servers gave with their questions. */
  readonly states: string[];
}

/** Log levels, and one that is none. */
export const LEVELS = ["debug", "info", "warning", "emergency", "loud"];
const URIS = ["echo://counter", "echo://item/1", "modern://item", "modern://ask", "nowhere://"];
/** Methods of notifications. */
export const NOTIFICATIONS = [
  ..."initialized,cancelled,cancelled,progress,roots/list_changed,tasks/status".split(","),
  ..."nobody/knows".split(","),
].map((name) => `notifications/${name}`);
const TOOLS = [
  ..."echo,echo,add,slow,slow,progress,log,fail,refuse,touch,changed,notify,whoami,meta".split(","),
  ..."ask,ask,ask_all,ask_url,come_back,list_of,tree_of,region,future,listens,nobody".split(","),
];
/** Ids that notifications of cancellation name, beside any. */
export const CANCELLED_IDS = ["7", '"seven"'] as const;

/** A `_meta` with these members, and by chance a progress token and one of somebody else. */
export function metaText(chance: Chance, members: readonly MemberText[]): string {
  const token: MemberText[] = [["progressToken", chance.of(["1", '"t"', '"1"', "1.0"])]];
  const own: MemberText[] = [["com.example/x", chance.json(1)]];
  return chance.object([...members, ...chance.some(token, 0.4), ...chance.some(own, 0.2)]);
}

/** The member `params` for a method, if it has any. */
export function paramsOf(
  chance: Chance,
  method: string,
  meta: string | undefined,
  more: readonly MemberText[] = [],
): MemberText[] {
  const members: MemberText[] = [
    ...memberTexts(chance, method),
    ...more,
    ...(meta === undefined ? [] : [["_meta", meta] as const]),
    ...(chance.hit(0.1) ? [["x-unknown", chance.json(2)] as const] : []),
  ];
  return members.length === 0 ? [] : [["params", chance.object(members)]];
}

function memberTexts(chance: Chance, method: string): MemberText[] {
  const uri: MemberText = ["uri", JSON.stringify(chance.of(URIS))];
  switch (method) {
    case "tools/call":
      return [
        ["name", JSON.stringify(chance.of(TOOLS))],
        ["arguments", argumentsText(chance)],
      ];
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return [uri];
    case "prompts/get":
      return [["name", JSON.stringify(chance.of(["greet", "ask", "nobody"]))]];
    case "logging/setLevel":
      return [["level", JSON.stringify(chance.of(LEVELS))]];
    case "completion/complete":
      return [["argument", '{"name":"a","value":"al"}']];
    case "tasks/get":
      return [["taskId", chance.string()]];
    case "subscriptions/listen":
      return [["notifications", chance.of(['{"toolsListChanged":true}', "{}", chance.json(2)])]];
    default:
      return chance.hit(0.1) ? [["cursor", chance.string()]] : [];
  }
}

function argumentsText(chance: Chance): string {
  const codes = ["-32002", "-32042", "-32021", "-32020", "-32602", "1", "1.5", '"x"'];
  const members: MemberText[] = [
    ["text", chance.hit(0.02) ? `"${"x".repeat(70_000)}"` : chance.json(2)],
    ["ms", String(chance.below(60))],
    ["code", chance.of(codes)],
    ["data", chance.objectWith(["uri", "elicitations", "requiredCapabilities"])],
    ["what", chance.of(['"tools"', '"prompts"', '"resources"'])],
    ["method", JSON.stringify(chance.of([...NOTIFICATIONS, "notifications/message"]))],
    ["params", chance.objectWith(["progressToken", "requestId", "level", "uri", "_meta"])],
    ["level", JSON.stringify(chance.of(LEVELS))],
    ["region", chance.string()],
  ];
  return chance.object(chance.some(members, 0.6));
}

/** Params of a notification. */
export function notificationParams(chance: Chance, method: string): string {
  const any = chance.objectWith(["progressToken", "progress", "total", "_meta"]);
  if (method !== "notifications/cancelled") return any;
  const id = chance.hit(0.7) ? chance.of(CANCELLED_IDS) : chance.json(1);
  return chance.object([["requestId", id]]);
}

/** A `requestState`: one that a server gave, a piece of one, or none of any. */
export function stateText(chance: Chance, { states }: Memory): string {
  if (states.length === 0 || chance.hit(0.2)) return chance.string();
  const state = chance.of(states);
  return JSON.stringify(chance.hit(0.8) ? state : state.slice(0, chance.below(state.length)));
}

/** Answers to questions that somebody may have asked. */
export function responsesText(chance: Chance): string {
  const answer = (): string =>
    chance.of([
      '{"action":"accept","content":{"name":"Ada"}}',
      '{"action":"decline"}',
      '{"role":"assistant","model":"m","content":{"type":"text","text":"42"}}',
      '{"roots":[]}',
      chance.json(2),
    ]);
  const keys = ["name", "visit", "i1", "elicitation/create", "sampling/createMessage"];
  return chance.object(chance.some(keys, 0.6).map((key): MemberText => [key, answer()]));
}
