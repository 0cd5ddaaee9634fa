/**
 * Pure. The settings of the log: levels, form, folder and how long its files are kept.
 */
import type { LogLevel } from "../kernel/event.ts";
import type { GatewayConfig } from "./model.ts";
import { absolutePath } from "./paths.ts";
import { logPlace } from "./places.ts";
import { judgeLogFormat, judgeLogLevel, judgePath, judgeRetention, type Judge } from "./scalars.ts";
import { preset, type SettingPicker, type SettingsInput } from "./setting-picker.ts";
import { formatDuration } from "./units.ts";

const DAY_MS = 86_400_000;

/** What the log is told by flags and variables. */
export type LogSettings = Pick<
  GatewayConfig,
  | "logLevelSystem"
  | "logLevelMcp"
  | "logFormat"
  | "logDir"
  | "logRetentionSystemMs"
  | "logRetentionMcpMs"
>;

/** Resolves them; the folder is absolute. */
export function pickLogSettings(input: SettingsInput, picker: SettingPicker): LogSettings {
  const { proxy, workingFolder } = input;
  const judgeFolder: Judge<string> = (text) => {
    const judgement = judgePath(text);
    return judgement.ok ? { ok: true, value: absolutePath(workingFolder, text) } : judgement;
  };
  return {
    ...pickLevels(input, picker),
    logFormat: picker.pick({
      key: "logFormat",
      variable: "LOG_FORMAT",
      judge: judgeLogFormat,
      fromFile: proxy.logFormat,
      fallback: preset("text"),
    }),
    logDir: picker.pick<string | undefined>({
      key: "logDir",
      variable: "LOG_DIR",
      judge: judgeFolder,
      fromFile: proxy.logDir === undefined ? undefined : absolutePath(workingFolder, proxy.logDir),
      fallback: () => {
        const place = logPlace(input, input.serviceLogDir);
        return { value: place?.path, from: place?.from ?? "default" };
      },
    }),
    logRetentionSystemMs: picker.pick({
      key: "logRetentionSystem",
      variable: "LOG_RETENTION_SYSTEM",
      judge: judgeRetention,
      fromFile: proxy.logRetentionSystem,
      fallback: preset(DAY_MS),
      show: formatDuration,
    }),
    logRetentionMcpMs: picker.pick({
      key: "logRetentionMcp",
      variable: "LOG_RETENTION_MCP",
      judge: judgeRetention,
      fromFile: proxy.logRetentionMcp,
      fallback: preset(DAY_MS / 2),
      show: formatDuration,
    }),
  };
}

function pickLevels(
  { flags, proxy }: SettingsInput,
  picker: SettingPicker,
): Pick<LogSettings, "logLevelSystem" | "logLevelMcp"> {
  const flag = { from: "--log-level", value: flags.logLevel };
  const logLevelSystem = picker.pick<LogLevel>({
    key: "logLevelSystem",
    flag,
    variable: "LOG_LEVEL_SYSTEM",
    judge: judgeLogLevel,
    fromFile: proxy.logLevelSystem,
    fallback: preset("INFO"),
  });
  const isGoodFlag = flags.logLevel !== undefined && judgeLogLevel(flags.logLevel).ok;
  const logLevelMcp = picker.pick<LogLevel>({
    key: "logLevelMcp",
    // A wrong flag is reported once, by the level before this one.
    ...(isGoodFlag ? { flag } : {}),
    variable: "LOG_LEVEL_MCP",
    judge: judgeLogLevel,
    fromFile: proxy.logLevelMcp,
    fallback: preset("DEBUG"),
  });
  return { logLevelSystem, logLevelMcp };
}
