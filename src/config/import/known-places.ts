/**
 * Pure. Where clients keep their files, by platform.
 */

export interface PlacesInput {
  readonly homeFolder: string;
  readonly workingFolder: string;
  /** `$XDG_CONFIG_HOME`, or undefined. */
  readonly configHome: string | undefined;
  /** `%APPDATA%`, or undefined. */
  readonly appData: string | undefined;
  readonly platform: string;
}

/** Paths to look at, most personal first; few of them exist on one machine. */
export function knownPlaces(input: PlacesInput): readonly string[] {
  const { homeFolder: home, workingFolder: here } = input;
  const settings = settingsFolder(input);
  const places = [
    `${settings}/Claude/claude_desktop_config.json`,
    `${home}/.claude.json`,
    `${here}/.mcp.json`,
    `${home}/.cursor/mcp.json`,
    `${here}/.cursor/mcp.json`,
    `${settings}/Code/User/mcp.json`,
    `${settings}/Code/User/settings.json`,
    `${here}/.vscode/mcp.json`,
    `${home}/.codeium/windsurf/mcp_config.json`,
  ];
  return [...new Set(places)];
}

function settingsFolder({ platform, homeFolder, configHome, appData }: PlacesInput): string {
  if (platform === "darwin") return `${homeFolder}/Library/Application Support`;
  if (platform === "win32") return appData ?? `${homeFolder}/AppData/Roaming`;
  return configHome ?? `${homeFolder}/.config`;
}
