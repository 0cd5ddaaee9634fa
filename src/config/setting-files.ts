/**
 * Pure. The settings that name folders and files: the data folder and the files of TLS.
 * Relative paths start at the gateway's working folder.
 */
import type { TlsFiles } from "./model.ts";
import { absolutePath } from "./paths.ts";
import { dataPlace } from "./places.ts";
import { judgePath, type Judge } from "./scalars.ts";
import {
  placeInFile,
  type Found,
  type SettingPicker,
  type SettingsInput,
} from "./setting-picker.ts";

/** The data folder, absolute. */
export function pickDataDir(input: SettingsInput, picker: SettingPicker): string {
  const { proxy, workingFolder } = input;
  const judge: Judge<string> = (text) => {
    const judgement = judgePath(text);
    return judgement.ok ? { ok: true, value: absolutePath(workingFolder, text) } : judgement;
  };
  const fromFile =
    proxy.dataDir === undefined ? undefined : absolutePath(workingFolder, proxy.dataDir);
  const fallback = (): Found<string> => {
    const { path: value, from } = dataPlace(input);
    return { value, from };
  };
  return picker.pick({ key: "dataDir", variable: "DATA_DIR", judge, fromFile, fallback });
}

/** The absolute paths of certificate and key; undefined when none is named, or only one. */
export function pickTls(input: SettingsInput, picker: SettingPicker): TlsFiles | undefined {
  const { flags, proxy, reporter, workingFolder } = input;
  const files = [
    {
      key: "cert",
      flag: "--tls-cert",
      fromFlag: flags.tlsCert,
      path: flags.tlsCert ?? proxy.tls?.cert,
    },
    { key: "key", flag: "--tls-key", fromFlag: flags.tlsKey, path: flags.tlsKey ?? proxy.tls?.key },
  ];
  const missing = files.find(({ path }) => path === undefined);
  const given = files.find(({ path }) => path !== undefined);
  if (given === undefined) return undefined;
  if (missing !== undefined) {
    const hint = "HTTPS takes a certificate and its key.";
    const detail = { code: "CONFIG_MISSING_KEY", hint } as const;
    reporter.reportOutside("error", given.flag, `needs ${missing.flag} too`, detail);
    return undefined;
  }
  const [certFile = "", keyFile = ""] = files.map(({ key, flag, fromFlag, path = "" }) => {
    const whole = absolutePath(workingFolder, path);
    const from = fromFlag === undefined ? placeInFile(input, ["tls", key]) : flag;
    picker.note(`tls.${key}`, whole, from);
    return whole;
  });
  return { certFile, keyFile };
}
