/** Pure. Judges the documents that lead a client: of the resource (RFC 9728) and of the issuer (RFC 8414). */
import { isLocalUrl } from "./address-checks.ts";
import { ok, shown, skipped, warning, wrong, type Finding, type Step } from "./finding.ts";
import { noReply, objectOf, obstacleOf, textsOf, urlOf, type Answer } from "./reply.ts";

type Document = Readonly<Record<string, unknown>>;

const SELF = "Tell the server its public address (for this gateway DOMAIN or PUBLIC_URL)";

/** Where the document of a resource is when nobody says: the path comes behind the well-known part. */
export function resourceMetadataUrl(url: URL): string {
  const path = url.pathname === "/" ? "" : url.pathname;
  return `${url.origin}/.well-known/oauth-protected-resource${path}`;
}

/** Where the document of an issuer may be, in the order in which clients ask. */
export function issuerMetadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, "");
  const names = ["oauth-authorization-server", "openid-configuration"];
  const inserted = names.map((name) => `${origin}/.well-known/${name}${path}`);
  return path === "" ? inserted : [...inserted, `${issuer}/.well-known/openid-configuration`];
}

/** A document that was read, or the finding that says why not. */
export function readDocument(step: Step, what: string, answer: Answer): Document | Finding {
  if (answer.kind === "none") return noReply(step, what, answer);
  const { status, url, text, headers } = answer;
  if (status !== 200)
    return wrong(
      step,
      `${what}: ${url} answers ${status}`,
      obstacleOf(answer) ??
        "Serve the document there; what is in front must route /.well-known to the gateway",
    );
  const document = objectOf(text);
  if (document === undefined)
    return wrong(
      step,
      `${what}: ${url} is no JSON object (${headers.get("content-type")})`,
      "A page for people is in the way: route /.well-known to the gateway",
    );
  return document;
}

/** True for the finding instead of a document. */
export function isFinding(value: Document | Finding): value is Finding {
  return "level" in value && "step" in value;
}

/** What the resource's document leads to. */
export interface ResourceVerdict {
  readonly findings: readonly Finding[];
  readonly issuer: string | undefined;
}

/** Judges the document of the resource against the address that a person types in. */
export function judgeResource(document: Document, typed: string): ResourceVerdict {
  const findings: Finding[] = [];
  const { resource } = document;
  if (resource !== typed)
    findings.push(
      wrong(
        "resource",
        `resource is ${shown(resource)}, and not letter by letter ${shown(typed)}`,
        `Give clients the address that the document names, or mend it. ${SELF}`,
      ),
    );
  const servers = textsOf(document["authorization_servers"]);
  const issuer = servers.find((one) => urlOf(one) !== undefined);
  if (issuer === undefined)
    findings.push(
      wrong(
        "resource",
        `authorization_servers is ${shown(document["authorization_servers"])}`,
        "Name the one issuer, as a URL",
      ),
    );
  else if (servers.length > 1)
    findings.push(
      warning(
        "resource",
        `there are ${servers.length} authorization servers`,
        "Claude.ai takes the first only: put it first, or leave the others out",
      ),
    );
  const methods = document["bearer_methods_supported"];
  if (methods !== undefined && !textsOf(methods).includes("header"))
    findings.push(
      wrong(
        "resource",
        `bearer_methods_supported is ${shown(methods)}`,
        "Clients send the token in the header only: support it",
      ),
    );
  if (textsOf(document["scopes_supported"]).includes("offline_access"))
    findings.push(
      warning(
        "resource",
        "scopes_supported names offline_access",
        "That belongs into the issuer's document only",
      ),
    );
  if (findings.length === 0)
    findings.push(ok("resource", `resource is ${typed}, issuer ${issuer}`));
  return { findings, issuer };
}

/** Judges the document at the place where clients look that do not read the challenge. */
export function judgeGuessedResource(answer: Answer, typed: string): readonly Finding[] {
  const document = readDocument("resource", "the document by its usual address", answer);
  if (isFinding(document)) return [{ ...document, level: "warning" }];
  return document["resource"] === typed
    ? []
    : [
        warning(
          "resource",
          `${answer.url} has resource ${shown(document["resource"])}`,
          "Serve it for each path: clients that do not read the challenge look there",
        ),
      ];
}

/** What the issuer's document offers. */
export interface IssuerVerdict {
  readonly findings: readonly Finding[];
  readonly authorizationEndpoint: string | undefined;
  readonly tokenEndpoint: string | undefined;
  readonly registrationEndpoint: string | undefined;
  readonly takesDocuments: boolean;
}

/** Judges the document of the issuer. */
export function judgeIssuer(document: Document, issuer: string): IssuerVerdict {
  const findings: Finding[] = [];
  const bad = (text: string, advice: string): void =>
    void findings.push(wrong("issuer", text, advice));
  const odd = (text: string, advice: string): void =>
    void findings.push(warning("issuer", text, advice));
  if (document["issuer"] !== issuer)
    bad(
      `issuer is ${shown(document["issuer"])}, and not letter by letter ${shown(issuer)}`,
      `Clients must refuse it. ${SELF}`,
    );
  const endpoint = (name: string): string | undefined => {
    const target = urlOf(document[name]);
    if (target === undefined) return undefined;
    if (target.protocol !== "https:" && !isLocalUrl(target))
      bad(`${name} is ${shown(document[name])}`, `It must be https. ${SELF}`);
    else if (isLocalUrl(target) && !isLocalUrl(new URL(issuer)))
      bad(`${name} is ${shown(document[name])}, which is this machine`, SELF);
    return target.href;
  };
  const authorizationEndpoint = endpoint("authorization_endpoint");
  const tokenEndpoint = endpoint("token_endpoint");
  const registrationEndpoint = endpoint("registration_endpoint");
  if (authorizationEndpoint === undefined) bad("there is no authorization_endpoint", "Name it");
  if (tokenEndpoint === undefined) bad("there is no token_endpoint", "Name it");
  if (!textsOf(document["code_challenge_methods_supported"]).includes("S256"))
    bad(
      "code_challenge_methods_supported has no S256",
      "MCP clients must refuse an issuer that does not promise PKCE",
    );
  if (textsOf(document["code_challenge_methods_supported"]).includes("plain"))
    odd("code_challenge_methods_supported has plain", "Offer S256 only");
  const responseTypes = document["response_types_supported"];
  if (!textsOf(responseTypes).includes("code"))
    bad(`response_types_supported is ${shown(responseTypes)}`, "Name code");
  const grants = document["grant_types_supported"];
  if (grants !== undefined && !textsOf(grants).includes("refresh_token"))
    odd(
      "grant_types_supported has no refresh_token",
      "People will have to sign in each time a token ends",
    );
  else if (!textsOf(document["scopes_supported"]).includes("offline_access"))
    odd(
      "scopes_supported has no offline_access",
      "Add it: ChatGPT asks for refresh tokens only then",
    );
  const takesNone = textsOf(document["token_endpoint_auth_methods_supported"]).includes("none");
  const saysDocuments = document["client_id_metadata_document_supported"] === true;
  if (!takesNone)
    odd(
      "token_endpoint_auth_methods_supported has no none",
      "Clients on a person's machine keep no secret, and Claude.ai sends its document only where none is offered",
    );
  if (!saysDocuments && registrationEndpoint === undefined)
    bad(
      "it takes neither client documents nor registrations",
      "Offer one of them, or type a client id and secret into each client",
    );
  else if (!saysDocuments)
    odd(
      "client_id_metadata_document_supported is not true",
      "Clients register instead, which newer ones no longer do",
    );
  if (document["authorization_response_iss_parameter_supported"] !== true)
    odd(
      "authorization_response_iss_parameter_supported is not true",
      "Send iss (RFC 9207): ChatGPT uses its fixed callback only then",
    );
  if (findings.length === 0)
    findings.push(
      ok(
        "issuer",
        `${issuer}: S256, none, iss, refresh, client documents${registrationEndpoint === undefined ? "" : ", registration"}`,
      ),
    );
  return {
    findings,
    authorizationEndpoint,
    tokenEndpoint,
    registrationEndpoint,
    takesDocuments: saysDocuments && takesNone,
  };
}

/** Judges whether pages of other origins may read what they need. */
export function judgeCors(answers: readonly Answer[]): readonly Finding[] {
  const closed = answers.filter(
    (answer) => answer.kind === "reply" && !answer.headers.has("access-control-allow-origin"),
  );
  return closed.length === 0
    ? []
    : [
        skipped(
          "issuer",
          `pages in a browser may not read ${closed.map(({ url }) => url).join(", ")}`,
          "Only clients that run in a page need it, as MCP Inspector's direct mode: Access-Control-Allow-Origin: *",
        ),
      ];
}
