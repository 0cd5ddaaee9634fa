/**
 * Pure. The settings of the gateway itself: flags beat environment beat file beat default, and each
 * value knows where it came from.
 *
 * Settings that only the file has (limits, allow-lists) are not here but in `proxy-block.ts`.
 */
import { pickLogSettings, type LogSettings } from "./log-settings.ts";
import type { GatewayConfig } from "./model.ts";
import {
  isIpv4,
  judgeDomain,
  judgeHost,
  judgeNetworks,
  judgePort,
  judgePublicUrl,
} from "./scalars.ts";
import { pickDataDir, pickTls } from "./setting-files.ts";
import { preset, SettingPicker, type Provenance, type SettingsInput } from "./setting-picker.ts";

/** The settings that flags and variables can change; all paths are absolute. */
export type Settings = Pick<
  GatewayConfig,
  "host" | "port" | "domain" | "mcpDomain" | "publicUrl" | "trustedProxies" | "dataDir" | "tls"
> &
  LogSettings;

/** Resolves all settings; what is wrong is reported, and the next source counts in its place. */
export function resolveSettings(input: SettingsInput): {
  readonly settings: Settings;
  readonly provenance: readonly Provenance[];
} {
  const picker = new SettingPicker(input);
  const settings = {
    ...pickListener(input, picker),
    ...pickNames(input, picker),
    trustedProxies: picker.pick<readonly string[]>({
      key: "trustedProxies",
      variable: "TRUSTED_PROXIES",
      judge: judgeNetworks,
      fromFile: input.proxy.trustedProxies,
      fallback: preset([]),
    }),
    dataDir: pickDataDir(input, picker),
    ...pickLogSettings(input, picker),
    tls: pickTls(input, picker),
  };
  return { settings, provenance: picker.provenance };
}

function pickListener(
  { flags, proxy }: SettingsInput,
  picker: SettingPicker,
): Pick<Settings, "host" | "port"> {
  const host = picker.pick({
    key: "host",
    flag: { from: "--host", value: flags.host },
    variable: "HOST",
    judge: judgeHost,
    fromFile: proxy.host,
    fallback: preset("127.0.0.1"),
  });
  const port = picker.pick({
    key: "port",
    flag: { from: "--port", value: flags.port },
    variable: "PORT",
    judge: judgePort,
    fromFile: proxy.port,
    fallback: preset(8080),
  });
  return { host, port };
}

function pickNames(
  { flags, proxy, reporter }: SettingsInput,
  picker: SettingPicker,
): Pick<Settings, "domain" | "mcpDomain" | "publicUrl"> {
  const domain = picker.pick({
    key: "domain",
    flag: { from: "--domain", value: flags.domain },
    variable: "DOMAIN",
    judge: judgeDomain,
    fromFile: proxy.domain,
    fallback: preset("localhost"),
  });
  const mcpDomain = picker.pick({
    key: "mcpDomain",
    variable: "MCP_DOMAIN",
    judge: judgeDomain,
    fromFile: proxy.mcpDomain,
    fallback: () => ({ value: `mcp.${domain}`, from: "default, from domain" }),
  });
  const publicUrl = picker.pick<string | undefined>({
    key: "publicUrl",
    variable: "PUBLIC_URL",
    judge: judgePublicUrl,
    fromFile: proxy.publicUrl,
    fallback: preset(undefined),
  });
  if (isIpv4(domain)) {
    const hint = 'Set PUBLIC_URL (or "publicUrl") to an http:// URL of this address instead.';
    reporter.reportOutside("warning", "domain", `${domain} is an address: it has no subdomains`, {
      hint,
    });
  }
  return { domain, mcpDomain, publicUrl };
}
