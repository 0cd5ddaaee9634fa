/**
 * One HTTP/1 request written byte by byte over a socket, for what no client library would send:
 * missing or double headers, other forms of the target, other versions.
 */
import { connect } from "node:net";
import { withDeadline } from "../../helpers/wait.ts";

const DEADLINE_MS = 10_000;

/** A response as it came. */
export interface SocketResponse {
  readonly status: number;
  /** Names in lower case; the last of two wins. */
  readonly headers: ReadonlyMap<string, string>;
  /** As it came: chunks are not put together. */
  readonly body: string;
}

/**
 * What to write: the request line, header lines, a body. Content-Length comes by itself, unless a
 * line says how the body is framed.
 */
export interface SocketRequest {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body?: string;
}

/** Writes the request and reads until the server closes. @throws Error when it does not close in time */
export function exchange(port: number, request: SocketRequest): Promise<SocketResponse> {
  const { line, headers, body = "" } = request;
  const isFramed = headers.some((field) => /^(content-length|transfer-encoding):/i.test(field));
  const length = isFramed || body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [line, ...headers, ...length, "Connection: close", "", ""].join("\r\n");
  const socket = connect(port, "127.0.0.1");
  const answer = new Promise<SocketResponse>((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (piece: string) => {
      text += piece;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(parse(text)));
    socket.write(head + body);
  });
  return withDeadline(answer, DEADLINE_MS, `the answer to ${line}`).finally(() => socket.destroy());
}

function parse(text: string): SocketResponse {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) throw new Error(`no HTTP response: ${JSON.stringify(text)}`);
  const [line = "", ...fields] = text.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]);
  const headers = new Map(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  return { status, headers, body: text.slice(end + 4) };
}
