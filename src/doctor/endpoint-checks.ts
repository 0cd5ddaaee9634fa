/** Pure. Judges the endpoints of an issuer: registration (RFC 7591), the page for people, the token endpoint. */
import { ok, shown, warning, wrong, type Finding } from "./finding.ts";
import { noReply, objectOf, obstacleOf, urlOf, type Answer, type Reply } from "./reply.ts";

/** A client that was registered for this walk. */
export interface TestClient {
  readonly clientId: string;
  readonly secret: string | undefined;
  /** How to take it away again (RFC 7592); undefined where the server has no way. */
  readonly removal: { readonly url: string; readonly token: string } | undefined;
}

/** What came of the registration. */
export interface RegistrationVerdict {
  readonly finding: Finding;
  readonly client: TestClient | undefined;
}

/** Judges the answer to a registration with Claude.ai's callback. */
export function judgeRegistration(answer: Answer, redirectUri: string): RegistrationVerdict {
  const lost = (finding: Finding): RegistrationVerdict => ({ finding, client: undefined });
  if (answer.kind === "none") return lost(noReply("registration", "registration", answer));
  const document = objectOf(answer.text);
  const clientId = document?.["client_id"];
  if (answer.status === 429 || answer.status === 503)
    return lost(
      warning(
        "registration",
        `registration: ${answer.status}`,
        "It is limited for now; come again later",
      ),
    );
  if (answer.status !== 201 && answer.status !== 200)
    return lost(
      wrong(
        "registration",
        `registration with ${redirectUri}: ${answer.status} ${shown(document?.["error"] ?? answer.text)} ${shown(document?.["error_description"] ?? "")}`,
        obstacleOf(answer) ??
          (answer.status === 404
            ? "Look at the name of the server in the address: there may be none of that name"
            : "Allow the callbacks of the clients that you want"),
      ),
    );
  if (typeof clientId !== "string" || clientId === "")
    return lost(
      wrong(
        "registration",
        "the answer to a registration has no client_id",
        "Answer as RFC 7591 says, in JSON",
      ),
    );
  const {
    client_secret: secret,
    registration_client_uri: uri,
    registration_access_token: token,
  } = document ?? {};
  const removal =
    typeof uri === "string" && typeof token === "string" ? { url: uri, token } : undefined;
  const client = { clientId, secret: typeof secret === "string" ? secret : undefined, removal };
  return { finding: ok("registration", `a test client was registered (${answer.status})`), client };
}

/** How the request for leave went: the last answer, and whether it left for the client's callback. */
export interface PageFacts {
  readonly answer: Answer;
  /** Where it was sent that is not the issuer. */
  readonly leftFor: string | undefined;
}

/** Judges what a person sees who is sent to the authorization endpoint. */
export function judgePage(
  who: string,
  { answer, leftFor }: PageFacts,
  redirectUri: string,
): readonly Finding[] {
  const step = "authorize";
  if (answer.kind === "none") return [noReply(step, `the page for ${who}`, answer)];
  if (leftFor !== undefined) {
    const error = urlOf(leftFor)?.searchParams.get("error");
    if (leftFor.startsWith(redirectUri) && error === null)
      return [
        wrong(
          step,
          `${who} is let in without anybody being asked`,
          "Show a page and ask each time: otherwise any client takes what this browser may",
        ),
      ];
    if (leftFor.startsWith(redirectUri))
      return [
        wrong(
          step,
          `${who} is sent back with ${shown(error)} ${shown(urlOf(leftFor)?.searchParams.get("error_description") ?? "")}`,
          "The log of the issuer says why",
        ),
      ];
    return [
      warning(
        step,
        `a person is sent on to ${shown(leftFor)}`,
        "Fine where people sign in elsewhere; it was not followed",
      ),
    ];
  }
  const kind = answer.headers.get("content-type") ?? "";
  if (answer.status !== 200 || !kind.startsWith("text/html"))
    return [
      wrong(
        step,
        `the page for ${who}: ${answer.status} ${kind} ${shown(sayingOf(answer))}`,
        obstacleOf(answer) ?? "The log of the issuer says why",
      ),
    ];
  return [
    ...judgePolicy(answer, redirectUri),
    ok(step, `${who}: a page to sign in, without a redirect`),
  ];
}

function sayingOf({ text, headers }: Reply): string {
  if (!(headers.get("content-type") ?? "").startsWith("text/html")) return text;
  return text
    .replace(/<(style|head)[\s\S]*?<\/\1>|<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function judgePolicy({ headers }: Reply, redirectUri: string): readonly Finding[] {
  const policy = headers.get("content-security-policy") ?? "";
  const directive = (name: string): string | undefined =>
    policy
      .split(";")
      .map((part) => part.trim())
      .find((part) => part.startsWith(`${name} `));
  const formAction = directive("form-action");
  const { origin } = new URL(redirectUri);
  const findings: Finding[] = [];
  if (
    formAction !== undefined &&
    !formAction.includes(origin) &&
    !/ (?:\*|https:)(?: |$)/.test(formAction) &&
    formAction.includes("'none'")
  )
    findings.push(
      wrong(
        "authorize",
        `the page's policy has ${shown(formAction)}`,
        "Nothing can be sent from it: allow 'self' and the client's origin",
      ),
    );
  if (directive("frame-ancestors") === undefined && !headers.has("x-frame-options"))
    findings.push(
      warning(
        "authorize",
        "the page may be shown inside another site's",
        "Send frame-ancestors 'none', or somebody else's page gets the click",
      ),
    );
  return findings;
}

/** Answers of the token endpoint to what cannot be right; the first two need a client. */
export interface TokenAnswers {
  readonly code: Answer | undefined;
  readonly refresh: Answer | undefined;
  readonly unknown: Answer;
}

/** Judges them. */
export function judgeToken({ code, refresh, unknown }: TokenAnswers): readonly Finding[] {
  const findings = [
    ...(code === undefined
      ? []
      : judgeRefusal(
          "a code that nobody got",
          code,
          "invalid_grant",
          "Clients begin anew after 400 invalid_grant only",
        )),
    ...(refresh === undefined
      ? []
      : judgeRefusal(
          "a refresh token that nobody got",
          refresh,
          "invalid_grant",
          "Clients ask the person again after 400 invalid_grant only",
        )),
    ...judgeRefusal(
      "a client that is not registered",
      unknown,
      "invalid_client",
      "Clients register again after invalid_client only",
    ),
  ];
  const seen =
    code === undefined ? "invalid_client" : "invalid_grant and invalid_client, where each belongs";
  return findings.length > 0 ? findings : [ok("token", seen)];
}

function judgeRefusal(
  what: string,
  answer: Answer,
  wanted: string,
  advice: string,
): readonly Finding[] {
  if (answer.kind === "none") return [noReply("token", what, answer)];
  const error = objectOf(answer.text)?.["error"];
  if (answer.status >= 400 && answer.status < 500 && typeof error === "string") {
    if (error !== wanted)
      return [
        warning("token", `${what}: ${answer.status} ${shown(error)}, expected ${wanted}`, advice),
      ];
    return answer.headers.get("cache-control")?.includes("no-store") === true
      ? []
      : [
          warning(
            "token",
            `${what}: answered without Cache-Control: no-store`,
            "Add it, so that nobody in between keeps tokens",
          ),
        ];
  }
  return [
    wrong("token", `${what}: ${answer.status} ${shown(answer.text)}`, obstacleOf(answer) ?? advice),
  ];
}
