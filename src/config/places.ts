/**
 * Pure. Where things live when nobody says: in the folders that systemd hands to a service, in those
 * of a user (XDG Base Directory 0.8), or, without a home, in those of a system service.
 *
 * systemd.exec(5), "RuntimeDirectory=, StateDirectory=, …": each variable holds absolute paths with
 * colons between them; the first is ours.
 */
import { absolutePath } from "./paths.ts";
import type { Environment } from "./settings.ts";

/** A folder or file, and how it came to be. */
export interface NamedPlace {
  readonly path: string;
  readonly from: string;
}

/** What places follow from. */
export interface PlaceSources {
  readonly env: Environment;
  /** The user's home, if there is one. */
  readonly homeFolder: string | undefined;
}

const NAME = "remote-mcp-proxy";
const CONFIG = "config.json";
/** What accounts of services have instead of a home. */
const NO_HOME: ReadonlySet<string> = new Set(["/", "/nonexistent", "/var/empty", "/dev/null"]);

/** The folder for files of the log where a service without a home keeps them, once somebody made it. */
export const SERVICE_LOG_DIR = `/var/log/${NAME}`;

/** Where a config file is looked for when none is named, in this order. */
export function configPlaces(sources: PlaceSources, workingFolder: string): readonly NamedPlace[] {
  const { env } = sources;
  const given = (name: string): readonly NamedPlace[] =>
    foldersIn(env, name).map((folder) => ({ path: absolutePath(folder, CONFIG), from: name }));
  const user = userFolder(sources, "XDG_CONFIG_HOME", ".config");
  const fixed = [`/etc/${NAME}/${CONFIG}`, `/config/${CONFIG}`, `/app/${CONFIG}`];
  return [
    ...given("CREDENTIALS_DIRECTORY"),
    ...given("CONFIGURATION_DIRECTORY"),
    { path: absolutePath(workingFolder, CONFIG), from: "default" },
    ...(user === undefined ? [] : [{ path: absolutePath(user.path, CONFIG), from: user.from }]),
    ...fixed.map((path) => ({ path, from: "default" })),
  ];
}

/** The folder for everything that is kept. */
export function dataPlace(sources: PlaceSources): NamedPlace {
  const [given] = foldersIn(sources.env, "STATE_DIRECTORY");
  if (given !== undefined) return { path: given, from: "STATE_DIRECTORY" };
  return (
    userFolder(sources, "XDG_STATE_HOME", ".local/state") ?? {
      path: `/var/lib/${NAME}`,
      from: "default of a service, which has no home folder",
    }
  );
}

/** The folder for files of the log, if there is one by itself. */
export function logPlace(
  sources: PlaceSources,
  serviceLogDir: string | undefined,
): NamedPlace | undefined {
  const [given] = foldersIn(sources.env, "LOGS_DIRECTORY");
  if (given !== undefined) return { path: given, from: "LOGS_DIRECTORY" };
  const isUser = userFolder(sources, "XDG_STATE_HOME", ".local/state") !== undefined;
  if (isUser || serviceLogDir === undefined) return undefined;
  return { path: serviceLogDir, from: "default of a service, which has no home folder" };
}

/** The file of a credential of systemd; undefined when the service was given none. */
export function credentialFile(env: Environment, name: string): string | undefined {
  const [folder] = foldersIn(env, "CREDENTIALS_DIRECTORY");
  return folder === undefined ? undefined : absolutePath(folder, name);
}

/** A home that somebody can keep things in; undefined for accounts of services. */
export function usableHome(home: string | undefined): string | undefined {
  return home?.startsWith("/") === true && !NO_HOME.has(home) ? home : undefined;
}

/** A relative path in a variable of XDG is ignored, as its specification has it. */
function userFolder(
  { env, homeFolder }: PlaceSources,
  variable: string,
  below: string,
): NamedPlace | undefined {
  const folder = env[variable];
  if (folder?.startsWith("/") === true) {
    return { path: absolutePath(folder, NAME), from: `default, from ${variable}` };
  }
  const home = usableHome(homeFolder);
  if (home === undefined) return undefined;
  return { path: absolutePath(home, `${below}/${NAME}`), from: "default" };
}

function foldersIn(env: Environment, variable: string): readonly string[] {
  return (env[variable] ?? "")
    .split(":")
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => absolutePath(folder, ""));
}
