/**
 * A receiver of webhook messages: a real HTTP server that keeps what it got and answers as the test says.
 */
import { createHmac } from "node:crypto";
import { until } from "./wait.ts";

/** One message as it came. */
export interface ReceivedMessage {
  readonly headers: Headers;
  readonly text: string;
  readonly body: {
    readonly type: string;
    readonly text: string;
    readonly data: {
      readonly more: number;
      readonly servers: readonly {
        readonly server: string;
        readonly event: string;
        readonly cause: string;
      }[];
    };
  };
}

export class WebhookReceiver implements AsyncDisposable {
  readonly messages: ReceivedMessage[] = [];
  /** Gives the answer to the next message; 204 by default. */
  answer: () => Response | Promise<Response> = () => new Response(null, { status: 204 });
  readonly #server: Bun.Server<undefined>;

  constructor() {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const text = await request.text();
        const body = JSON.parse(text) as ReceivedMessage["body"];
        this.messages.push({ headers: request.headers, text, body });
        return this.answer();
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/hook/very-secret-path`;
  }

  /** Each message as the events that it tells. */
  get told(): readonly string[][] {
    return this.messages.map(({ body }) =>
      body.data.servers.map(({ server, event }) => `${server} ${event.replace("server.", "")}`),
    );
  }

  /** Resolves with the message of this number, the first being 1. */
  message(number: number, deadlineMs?: number): Promise<ReceivedMessage> {
    const what = `message ${number} of the webhook`;
    const find = () => this.messages[number - 1];
    return until(find, deadlineMs === undefined ? { what } : { what, deadlineMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

/** True when the signature is that of Standard Webhooks with this key. */
export function isSigned({ headers, text }: ReceivedMessage, key: string | Buffer): boolean {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.${text}`).digest("base64");
  return headers.get("webhook-signature") === `v1,${hmac}`;
}
