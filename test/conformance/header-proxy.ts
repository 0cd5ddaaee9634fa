/**
 * A small proxy that adds one header to every request and changes nothing else, for the suite, which
 * has no option for headers. Host is passed on as it came, so that scenarios about it still count.
 */
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that runs. */
export interface HeaderProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
}

/** Starts it in front of a port of this machine. */
export async function startHeaderProxy(
  port: number,
  name: string,
  value: string,
): Promise<HeaderProxy> {
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const upstream = send(
      { host: "127.0.0.1", port, method, path: url, headers: { ...headers, [name]: value } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
      },
    );
    upstream.once("error", () => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
    // A client that goes away takes its event stream with it.
    response.once("close", () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
