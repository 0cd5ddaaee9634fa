/**
 * Pure. The shape of the block `proxy.auth`: who may call, and which programs may ask for leave.
 */
import * as z from "zod/mini";
import { described, preset, type Field } from "./block.ts";
import { duration, judged, no } from "./fields.ts";
import { judgeCalledHost } from "./scalars.ts";
import { text, textList } from "./schema-values.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const USER_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$/;
const CLIENT_ID = /^[A-Za-z0-9._~-]{1,128}$/;

/** `"any"`, or names of hosts. */
function hosts(description: string): Field<"any" | readonly string[]> {
  const error = 'must be "any" or a list of hosts such as ["app.example.org"]';
  return preset<"any" | readonly string[]>([], description, () =>
    z.union([z.literal("any"), z.array(judged(judgeCalledHost))], { error }),
  );
}

/** One entry of `proxy.auth.users`. */
function user() {
  const error = 'must be "all" or a list of names of servers';
  return z.strictObject({
    servers: described(
      z.prefault(z.union([z.literal("all"), textList()], { error }), "all"),
      "Servers that this person may use.",
    ),
    admin: described(z.prefault(z.boolean(), false), "May also see and steer the gateway itself."),
  });
}

/** One entry of `proxy.auth.clients`. */
function client() {
  return z.strictObject({
    name: described(z.optional(text()), "Shown to the person who is asked for leave."),
    secret: described(
      z.optional(text()),
      "Its secret, best as `${file:…}` or `${VAR}`; without one the client is public.",
    ),
    redirectUris: described(
      z.array(z.url()).check(z.minLength(1)),
      "Where it may be sent back to, letter by letter.",
    ),
  });
}

/** The keys of `proxy.auth`. */
export const AUTH_SHAPE = {
  allowInsecure: no(
    "`true` serves everybody who reaches the address without asking who it is. Only behind something that asks instead; warned of at every start.",
  ),
  required: no(
    "`true` asks for authentication also where only this machine can call. It is asked for anyway with any other address, domain or public URL.",
  ),
  users: preset(
    {},
    "People by name: `servers` (`all` or a list) and `admin`. With nobody named there is one person, `owner`, who may do everything. Passwords are set with `user set-password` or `user set-up-link`.",
    () => {
      const error = "must be made of letters, digits and . _ @ - (64 at most)";
      return z.record(z.string().check(z.regex(USER_NAME, { error })), user());
    },
  ),
  clients: preset(
    {},
    "Clients that are registered beforehand, by client id, for programs that want an id (and `secret`) typed in: `redirectUris`, `name`.",
    () => {
      const error = "must be made of letters, digits and . _ ~ -";
      return z.record(z.string().check(z.regex(CLIENT_ID, { error })), client());
    },
  ),
  redirectHosts: hosts(
    "Hosts that clients may be sent back to, beside those of claude.ai, chatgpt.com, vscode.dev and cursor.com and this machine; `any` allows all.",
  ),
  documentHosts: hosts(
    "Hosts whose client id metadata documents are fetched, beside those of claude.ai, chatgpt.com and vscode.dev; `any` allows all public ones.",
  ),
  redirectSchemes: preset(
    [],
    "Private-use URL schemes that clients may be sent back by, such as `cursor`. Any program on the person's machine can take them.",
    () => {
      const error = "must be a URL scheme such as cursor";
      return z.array(z.string().check(z.regex(/^[a-z][a-z0-9+.-]*$/, { error })));
    },
  ),
  accessTokenLifetime: duration("24h", "How long an access token works.", {
    min: 60_000,
    max: 30 * DAY_MS,
  }),
  refreshTokenIdle: duration("90d", "Idle time after which a refresh token ends.", {
    min: 3_600_000,
    max: YEAR_MS,
  }),
  refreshGrace: duration(
    "120s",
    "How long a refresh token that was used still works, for clients that refresh in parallel.",
    { min: 0, max: 120_000 },
  ),
};
