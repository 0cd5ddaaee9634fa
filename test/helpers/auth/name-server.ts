/**
 * A name server on this machine, for tests of what the world sees: answers A and AAAA from a table,
 * and that there is no such name for the rest.
 * @see https://www.rfc-editor.org/rfc/rfc1035#section-4
 */
import { createSocket, type Socket } from "node:dgram";

/** Addresses of a name. */
export interface Records {
  readonly v4?: readonly string[];
  /** All eight groups written out. */
  readonly v6?: readonly string[];
}

const A = 1;
const AAAA = 28;
const QUESTION_AT = 12;
const RESPONSE = 0x8180;
const NO_SUCH_NAME = 3;

/** A name server that runs, at `address` (`127.0.0.1:PORT`). */
export interface NameServer extends AsyncDisposable {
  readonly address: string;
}

/** Starts it. */
export async function startNameServer(
  records: Readonly<Record<string, Records>>,
): Promise<NameServer> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  socket.on("message", (query, { port, address }) =>
    socket.send(answerTo(query, records), port, address),
  );
  return {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: () => closed(socket),
  };
}

function answerTo(query: Buffer, records: Readonly<Record<string, Records>>): Buffer {
  const labels: string[] = [];
  let at = QUESTION_AT;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const found = records[labels.join(".").toLowerCase()];
  const values = type === A ? found?.v4?.map(v4) : type === AAAA ? found?.v6?.map(v6) : [];
  const head = Buffer.alloc(QUESTION_AT);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(RESPONSE | (found === undefined ? NO_SUCH_NAME : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(values?.length ?? 0, 6);
  const answers = (values ?? []).map((data) => {
    // The name is that of the question, the lifetime a minute.
    const record = Buffer.from([0xc0, QUESTION_AT, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, query.subarray(QUESTION_AT, at + 5), ...answers]);
}

function v4(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function v6(address: string): Buffer {
  return Buffer.from(
    address
      .split(":")
      .map((group) => group.padStart(4, "0"))
      .join(""),
    "hex",
  );
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
