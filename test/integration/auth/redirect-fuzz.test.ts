/**
 * T3 by chance: redirect URIs that are almost the registered one. Whatever is changed in them, a
 * browser is never sent to another place than the client's own. The seed is printed on failure.
 */
import { expect, test } from "bun:test";
import { Chance } from "../../../scripts/fuzz/chance.ts";
import { Embedded } from "../../helpers/auth/embedded.ts";

const MUTATIONS = 10_000;
const SEED = 20_261_121;
/** The endpoint lets an address ask this often in a minute. */
const BURST = 100;

const OWN = [
  "https://claude.ai/api/mcp/auth_callback",
  "http://localhost:4399/callback",
  "https://chatgpt.com/connector/oauth/x?y=z",
];

const PIECES = [
  "..",
  "/",
  "//",
  "\\",
  "@",
  "#",
  "?",
  ":",
  "%2f",
  "%2e%2e",
  "%00",
  "%0d%0a",
  "\t",
  "\n",
  "\r\n",
  " ",
  "\u0000",
  "\u3002",
  "\uff0e",
  "\u202e",
  "é",
  "evil.example",
  ".evil.example",
  "@evil.example",
  "//evil.example",
  "https://evil.example/",
  "javascript:",
  "data:",
  "localhost",
  "127.0.0.1",
  "[::1]",
  ":443",
  ":80",
  ":99999",
  "claude.ai",
  "&redirect_uri=https://evil.example/",
  ";",
  "<",
  "'",
];

function mutated(chance: Chance): string {
  let uri = chance.of(OWN);
  for (let times = 1 + chance.below(3); times > 0; times--) {
    const at = chance.below(uri.length + 1);
    const to = Math.min(uri.length, at + chance.below(5));
    switch (chance.below(5)) {
      case 0:
        uri = uri.slice(0, at) + chance.of(PIECES) + uri.slice(at);
        break;
      case 1:
        uri = uri.slice(0, at) + uri.slice(to);
        break;
      case 2:
        uri = uri.slice(0, at) + chance.of(PIECES) + uri.slice(to);
        break;
      case 3:
        uri = uri.slice(0, at) + uri.slice(at, to).toUpperCase() + uri.slice(to);
        break;
      default:
        uri = chance.of(PIECES) + uri;
    }
  }
  return uri;
}

/** The same but for the port of this machine. */
function isOwn(target: string): boolean {
  const plain = (uri: string): string =>
    uri.replace(/^http:\/\/localhost(?::\d*)?\//, "http://localhost/");
  return OWN.some((own) => plain(own) === plain(target));
}

test(`T3 of ${MUTATIONS} redirect URIs that are almost right none leads elsewhere`, async () => {
  const embedded = new Embedded();
  const answer = await embedded.register({
    redirect_uris: OWN,
    token_endpoint_auth_method: "none",
  });
  const { client_id } = (await answer.json()) as { client_id: string };
  const chance = new Chance(SEED, 0);
  let shown = 0;
  let waiting = 0;
  for (let at = 0; at < MUTATIONS; at++) {
    if (at % BURST === 0) embedded.aheadMs += 60_000;
    const redirect_uri = mutated(chance);
    const asked = await embedded.authorize({
      client_id,
      redirect_uri,
      // Half of them fail for another reason as well, and errors are redirected too.
      ...(at % 2 === 0 ? {} : { code_challenge_method: "plain" }),
    });
    const { status } = asked.response;
    if (asked.location === undefined) {
      expect([at, redirect_uri, status]).toEqual([at, redirect_uri, 400]);
      shown++;
    } else if (asked.id === undefined) {
      const { origin, pathname, searchParams } = asked.location;
      expect(searchParams.get("error")).toBe("invalid_request");
      expect([redirect_uri, isOwn(redirect_uri)]).toEqual([redirect_uri, true]);
      expect(OWN.some((own) => isSame(own, origin + pathname))).toBe(true);
    } else {
      expect([redirect_uri, isOwn(redirect_uri)]).toEqual([redirect_uri, true]);
      waiting++;
    }
  }
  expect(shown).toBeGreaterThan(MUTATIONS / 2);
  expect(waiting).toBeGreaterThan(0);
}, 120_000);

/** Scheme, host and path are the same, and the port unless it is this machine's. */
function isSame(own: string, target: string): boolean {
  const [left, right] = [new URL(own), new URL(target)];
  const isPort = left.port === right.port || left.hostname === "localhost";
  return (
    isPort &&
    left.protocol === right.protocol &&
    left.hostname === right.hostname &&
    left.pathname === right.pathname
  );
}
