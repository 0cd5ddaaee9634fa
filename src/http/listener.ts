/**
 * The listening socket: Bun.serve with the settings that keep it safe, and the order of its end.
 */
import type { TlsFiles } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import type { App } from "./app.ts";

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Seconds without bytes after which a connection is cut; keep-alives come more often. */
  readonly idleTimeoutSeconds: number;
  readonly app: App;
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
}

export interface Listener {
  readonly port: number;
  /** Reads the certificate files again; open connections go on with the old ones. */
  reloadTls(): Promise<void>;
  /**
   * Accepts nothing more, gives the last answers a moment to leave, then ends every connection.
   * Never rejects.
   */
  close(): Promise<void>;
}

/** Far above the configured cap: a body over the cap is refused in the protocol's own words. */
const MAX_BODY_BYTES = 2 ** 40;

/**
 * Listens.
 * @throws Error with a system code (EADDRINUSE, EACCES) when the address cannot be had
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const pem = await readTls(options.tls);
  if (pem !== undefined && options.port !== 0) await expectFree(options);
  let server = serve(options, options.port, pem);
  const port = server.port ?? options.port;
  return {
    port,
    reloadTls: async () => {
      const renewed = await readTls(options.tls);
      const old = server;
      // Both listen for a moment (SO_REUSEPORT), so that no connection is refused in between.
      server = serve(options, port, renewed);
      stopQuietly(old, options);
    },
    close: () => closeServer(server, options),
  };
}

/**
 * Takes the address alone for a moment. With SO_REUSEPORT, which the renewal of certificates needs, a
 * second gateway would otherwise share the port in silence.
 * @throws Error with a system code when it is taken
 */
async function expectFree({ host: hostname, port }: ListenerOptions): Promise<void> {
  const probe = Bun.serve({ hostname, port, fetch: () => new Response(null, { status: 503 }) });
  await probe.stop(true);
}

interface Pem {
  readonly cert: string;
  readonly key: string;
}

async function readTls(tls: TlsFiles | undefined): Promise<Pem | undefined> {
  if (tls === undefined) return undefined;
  const [cert, key] = await Promise.all([
    Bun.file(tls.certFile).text(),
    Bun.file(tls.keyFile).text(),
  ]);
  return { cert, key };
}

function serve(
  options: ListenerOptions,
  port: number,
  pem: Pem | undefined,
): Bun.Server<undefined> {
  return Bun.serve({
    hostname: options.host,
    port,
    idleTimeout: options.idleTimeoutSeconds,
    maxRequestBodySize: MAX_BODY_BYTES,
    development: false,
    reusePort: pem !== undefined,
    ...(pem === undefined ? {} : { tls: pem }),
    fetch: (request, server) => options.app(request, server),
    error: (error) => {
      options.onFault(error);
      return new Response("Internal Server Error", { status: 500 });
    },
  });
}

/** For answers that were given when the stop began; cut off, a client could not tell what became of it. */
const LAST_ANSWERS_MS = 500;

async function closeServer(server: Bun.Server<undefined>, options: ListenerOptions): Promise<void> {
  const moment = (): Promise<void> =>
    new Promise((resolve) => options.clock.after(LAST_ANSWERS_MS, resolve));
  try {
    await Promise.race([server.stop(), moment()]);
    await Promise.race([server.stop(true), moment()]);
  } catch (error) {
    options.onFault(error);
  }
}

/** Resolves late, when the last stream ended: nobody waits for it here. */
function stopQuietly(server: Bun.Server<undefined>, options: ListenerOptions): void {
  server.stop().catch((error: unknown) => options.onFault(error));
}
