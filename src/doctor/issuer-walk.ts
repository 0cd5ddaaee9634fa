/** The part of the walk at the issuer: its document, a test client, the page for people, the token endpoint. */
import { createHash } from "node:crypto";
import {
  judgePage,
  judgeRegistration,
  judgeToken,
  type PageFacts,
  type TestClient,
} from "./endpoint-checks.ts";
import { skipped, type Finding } from "./finding.ts";
import { CLAUDE_CALLBACK, CLAUDE_CLIENT_ID, DISCOVERY_MS } from "./limits.ts";
import {
  isFinding,
  issuerMetadataUrls,
  judgeCors,
  judgeIssuer,
  readDocument,
} from "./metadata-checks.ts";
import type { Net } from "./net.ts";
import type { Answer } from "./reply.ts";

interface Options {
  readonly typed: string;
  readonly net: Net;
  readonly randomText: () => string;
  readonly tell: (finding: Finding) => void;
}

const MAX_REDIRECTS = 5;
const FORM = {
  "content-type": "application/x-www-form-urlencoded",
  accept: "application/json",
} as const;
const CLIENT_NAME = "Remote MCP Proxy doctor";

export class IssuerWalk {
  readonly #options: Options;
  readonly #issuer: string;
  readonly #scope: string | undefined;

  constructor(options: Options, issuer: string, scope: string | undefined) {
    this.#options = options;
    this.#issuer = issuer;
    this.#scope = scope;
  }

  /** @param resourceAnswer the document of the resource, for what pages may read of it */
  async run(resourceAnswer: Answer): Promise<void> {
    const { tell } = this.#options;
    const answer = await this.#firstDocument();
    const document = readDocument("issuer", "the document of the issuer", answer);
    if (isFinding(document)) {
      tell(document);
      return;
    }
    const verdict = judgeIssuer(document, this.#issuer);
    for (const finding of [...verdict.findings, ...judgeCors([resourceAnswer, answer])])
      tell(finding);
    const { authorizationEndpoint, tokenEndpoint, registrationEndpoint } = verdict;
    const client = await this.#register(registrationEndpoint);
    try {
      if (authorizationEndpoint !== undefined) {
        if (client !== undefined)
          await this.#page("a new client", authorizationEndpoint, client.clientId);
        if (verdict.takesDocuments)
          await this.#page("Claude.ai by its document", authorizationEndpoint, CLAUDE_CLIENT_ID);
      }
      if (tokenEndpoint !== undefined) await this.#token(tokenEndpoint, client);
    } finally {
      await this.#remove(client);
    }
  }

  async #firstDocument(): Promise<Answer> {
    const addresses = issuerMetadataUrls(this.#issuer);
    let answer = await this.#get(addresses[0] ?? this.#issuer);
    for (const address of addresses.slice(1)) {
      if (answer.kind === "reply" && answer.status === 200) break;
      const next = await this.#get(address);
      if (next.kind === "reply" && next.status === 200) answer = next;
    }
    return answer;
  }

  #get(address: string): Promise<Answer> {
    return this.#options.net.send(address, { method: "GET", timeoutMs: DISCOVERY_MS });
  }

  async #register(endpoint: string | undefined): Promise<TestClient | undefined> {
    const { net, tell } = this.#options;
    if (endpoint === undefined) {
      tell(skipped("registration", "there is no registration endpoint"));
      return undefined;
    }
    const body = JSON.stringify({
      client_name: CLIENT_NAME,
      redirect_uris: [CLAUDE_CALLBACK],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    });
    const headers = { "content-type": "application/json", accept: "application/json" };
    const answer = await net.send(endpoint, {
      method: "POST",
      headers,
      body,
      timeoutMs: DISCOVERY_MS,
    });
    const { finding, client } = judgeRegistration(answer, CLAUDE_CALLBACK);
    tell(finding);
    return client;
  }

  async #page(who: string, endpoint: string, clientId: string): Promise<void> {
    const { tell, typed, randomText } = this.#options;
    const url = new URL(endpoint);
    const verifier = randomText();
    const parameters = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: CLAUDE_CALLBACK,
      state: randomText(),
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      resource: typed,
      ...(this.#scope === undefined ? {} : { scope: this.#scope }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    const facts = await this.#open(url);
    for (const finding of judgePage(who, facts, CLAUDE_CALLBACK)) tell(finding);
  }

  /** Goes where a browser would be sent, as long as it stays at the same place. */
  async #open(first: URL): Promise<PageFacts> {
    const cookies = new Map<string, string>();
    let url = first;
    for (let hops = 0; ; hops++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = {
        accept: "text/html",
        "sec-fetch-mode": "navigate",
        ...(cookie === "" ? {} : { cookie }),
      };
      const answer = await this.#options.net.send(url.href, {
        method: "GET",
        headers,
        timeoutMs: DISCOVERY_MS,
      });
      if (answer.kind === "none") return { answer, leftFor: undefined };
      for (const line of answer.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const location = answer.headers.get("location");
      const isRedirect = answer.status >= 300 && answer.status < 400 && location !== null;
      if (!isRedirect || !URL.canParse(location, url.href)) return { answer, leftFor: undefined };
      const next = new URL(location, url);
      if (next.origin !== first.origin || hops === MAX_REDIRECTS)
        return { answer, leftFor: next.href };
      url = next;
    }
  }

  async #token(endpoint: string, client: TestClient | undefined): Promise<void> {
    const { net, tell, typed, randomText } = this.#options;
    const { clientId = "", secret } = client ?? {};
    const own = { client_id: clientId, ...(secret === undefined ? {} : { client_secret: secret }) };
    const ask = (form: Record<string, string>): Promise<Answer> =>
      net.send(endpoint, {
        method: "POST",
        headers: FORM,
        body: new URLSearchParams({ ...form, resource: typed }).toString(),
        timeoutMs: DISCOVERY_MS,
      });
    const code = {
      grant_type: "authorization_code",
      code: randomText(),
      redirect_uri: CLAUDE_CALLBACK,
      code_verifier: randomText(),
    };
    const refresh = { grant_type: "refresh_token", refresh_token: randomText() };
    const answers = {
      code: client === undefined ? undefined : await ask({ ...code, ...own }),
      refresh: client === undefined ? undefined : await ask({ ...refresh, ...own }),
      unknown: await ask({ ...code, client_id: randomText() }),
    };
    for (const finding of judgeToken(answers)) tell(finding);
  }

  async #remove(client: TestClient | undefined): Promise<void> {
    if (client?.removal === undefined) return;
    const { url, token } = client.removal;
    const headers = { authorization: `Bearer ${token}` };
    await this.#options.net.send(url, { method: "DELETE", headers, timeoutMs: DISCOVERY_MS });
  }
}
