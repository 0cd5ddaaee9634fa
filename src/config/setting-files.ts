/**
 * Pure. The settings that name folders and files: the data folder and the files of TLS.
 * Relative paths start at the gateway's working folder.
 */
import type { TlsFiles } from "./model.ts";
import { absolutePath } from "./paths.ts";
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
  const fallback = (): Found<string> => defaultDataDir(input);
  return picker.pick({ key: "dataDir", variable: "DATA_DIR", judge, fromFile, fallback });
}

/** The user's state folder (XDG Base Directory 0.8: a relative XDG_STATE_HOME is ignored). */
function defaultDataDir(input: SettingsInput): Found<string> {
  const { env, homeFolder, workingFolder, reporter } = input;
  const state = env["XDG_STATE_HOME"];
  if (state?.startsWith("/") === true) {
    return { value: absolutePath(state, "remote-mcp-proxy"), from: "default, from XDG_STATE_HOME" };
  }
  if (homeFolder?.startsWith("/") === true) {
    return { value: absolutePath(homeFolder, ".local/state/remote-mcp-proxy"), from: "default" };
  }
  const hint = "Set DATA_DIR to a folder that this user may write.";
  reporter.reportOutside("error", "DATA_DIR", "is not set, and this user has no home folder", hint);
  return { value: absolutePath(workingFolder, ".remote-mcp-proxy"), from: "default" };
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
    reporter.reportOutside("error", given.flag, `needs ${missing.flag} too`, hint);
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
