/**
 * Certificates for tests, made here so that they need no other program: self-signed, for localhost
 * and 127.0.0.1, P-256, valid for a day. Just enough DER for that.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const DNS_NAME_TAG = 0x82;
const IP_ADDRESS_TAG = 0x87;

const VERSION_3 = Buffer.from([2]);
const ECDSA_WITH_SHA256 = Buffer.from("2a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("550403", "hex");
const SUBJECT_ALT_NAME = Buffer.from("551d11", "hex");
const HOUR_MS = 3_600_000;

/** A fresh certificate and its key; no two are alike. */
export function makeCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(SEQUENCE, der(OID, ECDSA_WITH_SHA256));
  const commonName = der(UTF8_STRING, Buffer.from("localhost"));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, der(OID, COMMON_NAME), commonName)));
  const nowMs = Date.now();
  const names = der(
    SEQUENCE,
    der(DNS_NAME_TAG, Buffer.from("localhost")),
    der(IP_ADDRESS_TAG, Buffer.from([127, 0, 0, 1])),
  );
  const extension = der(SEQUENCE, der(OID, SUBJECT_ALT_NAME), der(OCTET_STRING, names));
  const unsigned = der(
    SEQUENCE,
    der(VERSION_TAG, der(INTEGER, VERSION_3)),
    // A serial number is positive: the first byte says so.
    der(INTEGER, Buffer.from([1]), randomBytes(8)),
    algorithm,
    name,
    der(SEQUENCE, utcTime(nowMs - HOUR_MS), utcTime(nowMs + 24 * HOUR_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(EXTENSIONS_TAG, der(SEQUENCE, extension)),
  );
  const signature = sign("sha256", unsigned, privateKey);
  const whole = der(SEQUENCE, unsigned, algorithm, der(BIT_STRING, Buffer.from([0]), signature));
  const body = whole.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function utcTime(timeMs: number): Buffer {
  const digits = new Date(timeMs).toISOString().replace(/\D/g, "").slice(2, 14);
  return der(UTC_TIME, Buffer.from(`${digits}Z`));
}
