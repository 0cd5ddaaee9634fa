/**
 * Certificates for tests, made here so that they need no other program: P-256, with just enough DER
 * for authorities, intermediates and servers, good ones and ones with a fault.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** Both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Names of hosts, with `*.` where wanted, and IPv4 addresses. */
  readonly names?: readonly string[];
  /** Who signs it; itself when left out. */
  readonly issuer?: Signer;
  /** May sign others. */
  readonly isAuthority?: boolean;
  /** Times in ms; an hour ago and a month ahead when left out. */
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** Who signs: the name in its certificate and its key. */
export interface Signer extends Certificate {
  readonly commonName: string;
}

const BOOLEAN = 0x01;
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
const BASIC_CONSTRAINTS = Buffer.from("551d13", "hex");
const TRUE = Buffer.from([0xff]);
const HOUR_MS = 3_600_000;

/** A fresh certificate and its key; no two are alike. */
export function signCertificate(request: CertificateRequest): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const { commonName, issuer = { commonName, key } } = request;
  const algorithm = der(SEQUENCE, der(OID, ECDSA_WITH_SHA256));
  const nowMs = Date.now();
  const { fromMs = nowMs - HOUR_MS, untilMs = nowMs + 30 * 24 * HOUR_MS } = request;
  const unsigned = der(
    SEQUENCE,
    der(VERSION_TAG, der(INTEGER, VERSION_3)),
    // A serial number is positive: the first byte says so.
    der(INTEGER, Buffer.from([1]), randomBytes(8)),
    algorithm,
    nameOf(issuer.commonName),
    der(SEQUENCE, utcTime(fromMs), utcTime(untilMs)),
    nameOf(commonName),
    publicKey.export({ type: "spki", format: "der" }),
    der(EXTENSIONS_TAG, der(SEQUENCE, ...extensionsOf(request))),
  );
  const signature = sign("sha256", unsigned, issuer.key);
  const whole = der(SEQUENCE, unsigned, algorithm, der(BIT_STRING, Buffer.from([0]), signature));
  // No line may be empty, also when the last one is full: BoringSSL finds no data then.
  const body = whole
    .toString("base64")
    .match(/.{1,64}/g)
    ?.join("\n");
  return { cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`, key };
}

/** SHA-256 of the public key of a PEM key, in base64: what Chromium takes to trust one certificate. */
export function publicKeyHash({ key }: Certificate): string {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return new Bun.CryptoHasher("sha256").update(spki).digest("base64");
}

function extensionsOf({ names = [], isAuthority = false }: CertificateRequest): readonly Buffer[] {
  const constraints = der(SEQUENCE, ...(isAuthority ? [der(BOOLEAN, TRUE)] : []));
  const basic = extension(BASIC_CONSTRAINTS, der(BOOLEAN, TRUE), constraints);
  if (names.length === 0) return [basic];
  const entries = names.map((name) =>
    isIP(name) === 4
      ? der(IP_ADDRESS_TAG, Buffer.from(name.split(".").map(Number)))
      : der(DNS_NAME_TAG, Buffer.from(name)),
  );
  return [basic, extension(SUBJECT_ALT_NAME, Buffer.alloc(0), der(SEQUENCE, ...entries))];
}

function extension(id: Buffer, critical: Buffer, content: Buffer): Buffer {
  return der(SEQUENCE, der(OID, id), critical, der(OCTET_STRING, content));
}

function nameOf(commonName: string): Buffer {
  const text = der(UTF8_STRING, Buffer.from(commonName));
  return der(SEQUENCE, der(SET, der(SEQUENCE, der(OID, COMMON_NAME), text)));
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
