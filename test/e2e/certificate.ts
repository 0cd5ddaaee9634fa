/** A self-signed certificate for localhost and 127.0.0.1. */
import { type Certificate, signCertificate } from "../helpers/auth/x509.ts";

/** A fresh certificate and its key; no two are alike. */
export function makeCertificate(): Certificate {
  return signCertificate({ commonName: "localhost", names: ["localhost", "127.0.0.1"] });
}
