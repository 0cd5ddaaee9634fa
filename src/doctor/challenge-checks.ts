/**
 * Pure. Judges the answer to a request without a token: 401 with the challenge that leads to the
 * authorization server, the same for every method (RFC 6750 3, RFC 9728 5.1).
 */
import { ok, shown, warning, wrong, type Finding } from "./finding.ts";
import { noReply, obstacleOf, urlOf, type Answer, type Reply } from "./reply.ts";

/** Answers without a token, by method. */
export interface OpenAnswers {
  readonly HEAD: Answer;
  readonly GET: Answer;
  readonly POST: Answer;
}

/** What follows from them. */
export interface ChallengeVerdict {
  readonly findings: readonly Finding[];
  /** `closed`: asks for a token; `open`: serves everybody; `lost`: nothing more can be looked at. */
  readonly kind: "closed" | "open" | "lost";
  /** Where the challenge says that the resource's document is. */
  readonly resourceMetadata: string | undefined;
  readonly scope: string | undefined;
}

const LOST = { kind: "lost", resourceMetadata: undefined, scope: undefined } as const;

/** Judges all three. */
export function judgeChallenge(answers: OpenAnswers, url: URL): ChallengeVerdict {
  const { POST: post } = answers;
  if (post.kind === "none") return { ...LOST, findings: [noReply("challenge", "POST", post)] };
  if (post.status >= 200 && post.status < 300) return openVerdict(url);
  if (post.status !== 401) return { ...LOST, findings: [notChallenged(post)] };
  const challenge = parseChallenge(post.headers.get("www-authenticate"));
  const findings = [
    ...judgeHeader(post, challenge, url),
    ...(["HEAD", "GET"] as const).flatMap((method) => judgeMethod(method, answers[method], post)),
  ];
  if (findings.length === 0)
    findings.push(ok("challenge", "HEAD, GET and POST without a token: 401 with the challenge"));
  const { resource_metadata: resourceMetadata, scope } = challenge ?? {};
  return { kind: "closed", findings, resourceMetadata, scope };
}

function openVerdict(url: URL): ChallengeVerdict {
  const text = "it serves everybody without asking who it is";
  const isHere = /^(?:localhost|127\.|\[::1\])|\.localhost$/.test(url.hostname);
  const finding = isHere
    ? ok("challenge", `${text}, as is usual on this machine`)
    : warning("challenge", text, "Switch authentication on, unless everybody may use this server");
  return { ...LOST, kind: "open", findings: [finding] };
}

function notChallenged(post: Reply): Finding {
  const seen = `POST without a token: ${post.status} instead of 401`;
  const obstacle = obstacleOf(post);
  if (obstacle !== undefined) {
    const location = post.headers.get("location");
    return wrong(
      "challenge",
      location === null ? seen : `${seen}, to ${shown(location)}`,
      obstacle,
    );
  }
  if (post.status === 404 || post.status === 405)
    return wrong(
      "challenge",
      seen,
      "Look at the path: the address of a server ends in /mcp, and what is in front must route it and all below",
    );
  return wrong("challenge", seen, "The log of the gateway, or of what is in front, says why");
}

function judgeHeader(
  { headers }: Reply,
  challenge: Readonly<Record<string, string>> | undefined,
  url: URL,
): readonly Finding[] {
  if (challenge === undefined) {
    const given = headers.get("www-authenticate");
    return [
      wrong(
        "challenge",
        given === null
          ? "401 without WWW-Authenticate"
          : `WWW-Authenticate is ${shown(given)}, without Bearer`,
        'Answer `WWW-Authenticate: Bearer resource_metadata="…"`; what is in front must let this header pass',
      ),
    ];
  }
  const { resource_metadata: address } = challenge;
  if (address === undefined)
    return [
      warning(
        "challenge",
        "the challenge has no resource_metadata",
        "Add it: without it clients guess where the document is",
      ),
    ];
  const target = urlOf(address);
  if (target === undefined || target.origin !== url.origin)
    return [
      wrong(
        "challenge",
        `resource_metadata is ${shown(address)}, which is not at ${url.origin}`,
        "Tell the server its public address (for this gateway DOMAIN or PUBLIC_URL)",
      ),
    ];
  return [];
}

function judgeMethod(method: "HEAD" | "GET", answer: Answer, post: Reply): readonly Finding[] {
  if (answer.kind === "none") return [noReply("challenge", method, answer)];
  const seen = `${method} without a token: ${answer.status}`;
  if (answer.status !== 401) {
    const advice =
      obstacleOf(answer) ?? "Ask for the token before anything else, whatever the method";
    return [wrong("challenge", `${seen} instead of 401`, advice)];
  }
  return answer.headers.get("www-authenticate") === post.headers.get("www-authenticate")
    ? []
    : [
        warning(
          "challenge",
          `${seen} with another WWW-Authenticate than POST has`,
          "Give every method the same",
        ),
      ];
}

/** Parameters of the Bearer challenge; undefined when there is none. */
export function parseChallenge(
  header: string | null,
): Readonly<Record<string, string>> | undefined {
  const start = /(?:^|,\s*)Bearer(?:\s+|$)/i.exec(header ?? "");
  if (header === null || start === null) return undefined;
  const rest = header.slice(start.index + start[0].length);
  const parameters: Record<string, string> = {};
  const pattern = /\s*,?\s*([A-Za-z0-9_-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
  for (let match = pattern.exec(rest); match !== null; match = pattern.exec(rest)) {
    const [, name = "", quoted, plain = ""] = match;
    parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? plain;
  }
  return parameters;
}

/** Judges the answer to a token that nobody issued. */
export function judgeBadToken(answer: Answer): Finding {
  if (answer.kind === "none") return noReply("challenge", "POST with a wrong token", answer);
  const challenge = parseChallenge(answer.headers.get("www-authenticate"));
  if (answer.status === 401 && challenge?.["error"] === "invalid_token")
    return ok("challenge", 'a wrong token: 401 with error="invalid_token"');
  if (answer.status === 401)
    return warning(
      "challenge",
      'a wrong token: 401 without error="invalid_token"',
      "Say invalid_token, so that clients refresh and do not ask anew",
    );
  return wrong(
    "challenge",
    `a wrong token: ${answer.status} instead of 401`,
    obstacleOf(answer) ?? "Answer 401, or clients never refresh an ended token",
  );
}
