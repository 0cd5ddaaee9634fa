/**
 * `key`: makes, lists and ends API keys in the database of the data folder, also while a gateway runs.
 */
import { idOfApiKey } from "../auth/api-key.ts";
import { KEY_TABLES, KeyStore, type KeySummary } from "../auth/key-store.ts";
import { decideAuth, peopleOf, rightsOf } from "../auth/rights.ts";
import type { GatewayConfig } from "../config/model.ts";
import { parseDuration } from "../config/units.ts";
import { type AuthFileContext, timeJson, timeText, withAuthFile } from "./auth-file.ts";
import { EXIT } from "./exit-codes.ts";
import { coded, CommandFailure } from "./failure.ts";
import { columns } from "./columns.ts";

interface JsonOption {
  readonly json?: boolean;
}

export interface AddKeyOptions extends JsonOption {
  readonly user?: string;
  readonly servers?: string;
  readonly expires?: string;
  readonly admin?: boolean;
  readonly note?: string;
}

const MAX_NOTE_CHARACTERS = 200;
const MAX_SHOWN_CHARACTERS = 14;

/** Makes a key and prints it. @returns the exit code */
export function addKey(context: AuthFileContext, options: AddKeyOptions): number {
  return withStore(context, (store, config) => {
    const facts = {
      user: ownerOf(options.user, config),
      servers: serversOf(options.servers, config),
      isAdmin: options.admin === true,
      note: noteOf(options.note ?? ""),
      expiresAtMs: expiryOf(options.expires, context.wallMs()),
    };
    if (facts.isAdmin && rightsOf(facts.user, config)?.isAdmin !== true)
      throw new CommandFailure(
        "NO_ADMIN",
        `${facts.user} is no admin in the configuration, so the key cannot be one`,
      );
    const { id, text } = store.add(facts);
    const made = { ...facts, id, createdAtMs: context.wallMs(), lastUsedAtMs: undefined };
    const json = options.json === true ? { key: text, ...jsonOf(made) } : undefined;
    context.print(`${json === undefined ? text : JSON.stringify(json)}\n`);
    const more =
      options.json === true ? "" : `Key ${id} of ${facts.user}. It is not shown again.\n`;
    context.tell(more + (decideAuth(config).isOn ? "" : NOT_ASKED));
  });
}

const NOT_ASKED =
  'Authentication is off, so the gateway asks nobody for a key: see "auth" in docs/configuration.md\n';

/** Prints the keys. @returns the exit code */
export function listKeys(context: AuthFileContext, { json }: JsonOption): number {
  return withStore(context, (store, config) => {
    const keys = store.list();
    if (json === true) {
      context.print(
        `${JSON.stringify(
          keys.map((key) => jsonOf(key)),
          null,
          2,
        )}\n`,
      );
      return;
    }
    const rows = keys.map((key) => rowOf(key, config, context.wallMs()));
    const header = ["ID", "USER", "SERVERS", "CREATED", "ENDS", "LAST USED", "NOTE"];
    context.print(columns([header, ...rows]));
  });
}

/** Ends keys. @returns the exit code, a failure when one is not there */
export function revokeKey(
  context: AuthFileContext,
  ids: readonly string[],
  { json }: JsonOption,
): number {
  const revoked: string[] = [];
  const unknown: string[] = [];
  const exitCode = withStore(context, (store) => {
    for (const text of ids) {
      const id = idOfApiKey(text) ?? text;
      // What is no id may be half a key, which is not to be shown.
      if (store.revoke(id)) revoked.push(id);
      else unknown.push(id.slice(0, MAX_SHOWN_CHARACTERS));
    }
  });
  if (exitCode !== EXIT.stopped) return exitCode;
  if (json === true) context.print(`${JSON.stringify({ revoked, unknown })}\n`);
  else for (const id of revoked) context.print(`revoked ${id}\n`);
  for (const id of unknown)
    context.tell(`error: ${coded("NO_SUCH_KEY", `there is no key ${JSON.stringify(id)}`)}\n`);
  return unknown.length === 0 ? EXIT.stopped : EXIT.bug;
}

function withStore(
  context: AuthFileContext,
  work: (store: KeyStore, config: GatewayConfig) => void,
): number {
  return withAuthFile(context, [KEY_TABLES], (database, config) => {
    work(new KeyStore(database, { wallMs: context.wallMs }), config);
  });
}

/** The person named, or the only one that can be meant. */
function ownerOf(named: string | undefined, config: GatewayConfig): string {
  const all = peopleOf(config);
  if (named !== undefined) {
    if (all.includes(named)) return named;
    const message = `there is nobody called ${JSON.stringify(named)}; there is ${all.join(", ")}`;
    throw new CommandFailure("NO_SUCH_PERSON", message);
  }
  const admins = all.filter((user) => rightsOf(user, config)?.isAdmin === true);
  const [only, other] = all.length === 1 ? all : admins;
  if (only !== undefined && other === undefined) return only;
  throw new CommandFailure("BAD_USAGE", `say whose key it is with --user: ${all.join(", ")}`);
}

function serversOf(text: string | undefined, config: GatewayConfig): "all" | readonly string[] {
  if (text === undefined) return "all";
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const known = new Set(config.servers.flatMap(({ name, slug }) => [name, slug]));
  const unknown = names.filter((name) => !known.has(name));
  if (names.length === 0) throw new CommandFailure("BAD_USAGE", "--servers names no server");
  if (unknown.length > 0) {
    const served = config.servers.map(({ slug }) => slug).join(", ") || "none";
    throw new CommandFailure(
      "NO_SUCH_SERVER",
      `no such server: ${unknown.join(", ")}. Served are: ${served}`,
    );
  }
  return names;
}

function noteOf(note: string): string {
  if (note.length > MAX_NOTE_CHARACTERS || /\p{Cc}/u.test(note))
    throw new CommandFailure(
      "BAD_USAGE",
      `--note must be one line of ${MAX_NOTE_CHARACTERS} characters at most`,
    );
  return note;
}

function expiryOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const durationMs = parseDuration(text);
  const atMs = durationMs === undefined ? dayOf(text) : nowMs + durationMs;
  if (atMs === undefined || !Number.isSafeInteger(atMs))
    throw new CommandFailure(
      "BAD_USAGE",
      "--expires must be a duration such as 90d or a day such as 2030-01-31",
    );
  if (atMs <= nowMs) throw new CommandFailure("BAD_USAGE", "--expires lies in the past");
  return atMs;
}

/** The end of that day in UTC. */
function dayOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const atMs = Date.parse(`${text}T23:59:59.999Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

function rowOf(key: KeySummary, config: GatewayConfig, nowMs: number): readonly string[] {
  const isKnown = rightsOf(key.user, config) !== undefined;
  const { expiresAtMs, lastUsedAtMs } = key;
  const ends = expiresAtMs === undefined ? "never" : timeText(expiresAtMs);
  return [
    key.id,
    isKnown ? key.user : `${key.user} (unknown)`,
    (key.servers === "all" ? "all" : key.servers.join(",")) + (key.isAdmin ? " +admin" : ""),
    timeText(key.createdAtMs),
    expiresAtMs !== undefined && expiresAtMs <= nowMs ? `${ends} (over)` : ends,
    lastUsedAtMs === undefined ? "never" : timeText(lastUsedAtMs),
    key.note,
  ];
}

function jsonOf(key: KeySummary): object {
  const { id, user, servers, isAdmin, note, createdAtMs, expiresAtMs, lastUsedAtMs } = key;
  const times = {
    createdAt: timeJson(createdAtMs),
    expiresAt: timeJson(expiresAtMs),
    lastUsedAt: timeJson(lastUsedAtMs),
  };
  return { id, user, servers, isAdmin, note, ...times };
}
