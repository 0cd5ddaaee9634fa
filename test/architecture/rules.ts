/**
 * The rules of the house over the facts of all files: each gives the list of what breaks it, in
 * words. The map of rooms is handed in; rooms.test.ts holds it.
 */
import type { SourceFacts } from "./source-facts.ts";

/** A room, or a single file of another room, that a room may import. */
export type RoomMap = Readonly<Record<string, readonly string[]>>;

export interface House {
  readonly map: RoomMap;
  /** Files and the one room that may import every room. */
  readonly roots: readonly string[];
  readonly pureRooms: readonly string[];
  readonly maxLines: number;
}

type Rule = (files: readonly SourceFacts[], house: House) => readonly string[];

/** The first folder of a path, or the file itself when it lies beside the rooms. */
function roomOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
}

function isInside(specifier: string): boolean {
  return /\.ts$/.test(specifier) && !specifier.startsWith("..") && !specifier.includes(":");
}

function inner(file: SourceFacts): readonly string[] {
  return file.imports.filter(isInside);
}

/** A room imports only what its row lists, plus itself. */
export const roomsKeepToTheMap: Rule = (files, { map, roots }) =>
  files.flatMap((file) => {
    const room = roomOf(file.path);
    if (roots.includes(file.path) || roots.includes(room)) return [];
    const row = map[room];
    if (row === undefined) return [`${file.path}: the room ${room} is not in the map`];
    return inner(file)
      .filter((target) => roomOf(target) !== room)
      .filter((target) => !row.includes(roomOf(target)) && !row.includes(target))
      .map((target) => `${file.path} imports ${target}, which the row of ${room} does not list`);
  });

/** No row names a room that leads back to it, and no file does either. */
export const importsAreAcyclic: Rule = (files, { map }) => {
  const rooms = new Map(
    Object.entries(map).map(([room, row]) => [room, row.filter((target) => target in map)]),
  );
  const graph = new Map(files.map((file) => [file.path, inner(file)]));
  return [...cycles(rooms, "rooms"), ...cycles(graph, "files")];
};

function cycles(graph: ReadonlyMap<string, readonly string[]>, what: string): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (node: string, trail: readonly string[]): void => {
    const at = trail.indexOf(node);
    if (at >= 0) {
      found.push(`${what} in a circle: ${[...trail.slice(at), node].join(" → ")}`);
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}

function isPure(file: SourceFacts | undefined): boolean {
  return file?.header?.startsWith("Pure.") ?? false;
}

/** Every file of a pure room says so. */
export const pureRoomsDeclareIt: Rule = (files, { pureRooms }) =>
  files
    .filter((file) => pureRooms.includes(roomOf(file.path)) && !isPure(file))
    .map((file) => `${file.path} must begin with a comment that begins with "Pure."`);

/** A pure file touches nothing outside itself and imports only pure files. */
export const pureFilesArePure: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files.filter(isPure).flatMap((file) => [
    ...file.touches.map((touch) => `${file.path} says Pure. but touches ${touch}`),
    ...file.imports
      .filter((name) => /^(node:|bun$|bun:)/.test(name))
      .map((name) => `${file.path} says Pure. but imports ${name}`),
    ...inner(file)
      .filter((target) => !isPure(byPath.get(target)))
      .map((target) => `${file.path} says Pure. but imports ${target}, which does not`),
  ]);
};

const spawning =
  /^Bun\.(spawn|spawnSync|\$)$|^(node:)?(child_process|cluster)(:|$)|^bun:(spawn|spawnSync|\$)$/;

/** One file starts processes. */
export const onlySpawnSpawns: Rule = (files) =>
  files
    .filter((file) => file.path !== "supervisor/spawn.ts")
    .flatMap((file) =>
      [...new Set([...file.touches, ...file.imports, ...file.importedNames])]
        .filter((name) => spawning.test(name))
        .map((name) => `${file.path} uses ${name}; only supervisor/spawn.ts starts processes`),
    );

const environment = /^(process|Bun|import\.meta)\.env$|^((node:)?process|bun):env$/;

/** One file reads the environment; everybody else is handed a map. */
export const onlyMainReadsEnvironment: Rule = (files) =>
  files
    .filter((file) => file.path !== "main.ts")
    .flatMap((file) =>
      [...file.touches, ...file.importedNames]
        .filter((name) => environment.test(name))
        .map((name) => `${file.path} reads ${name}; only main.ts may`),
    );

/** One room knows the HTTP framework. */
export const onlyHttpImportsHono: Rule = (files) =>
  files
    .filter((file) => roomOf(file.path) !== "http")
    .flatMap((file) =>
      file.imports
        .filter((name) => /^(hono|@hono)(\/|$)/.test(name))
        .map((name) => `${file.path} imports ${name}; only http/ may`),
    );

/** A file is short, has a header, and exports by name and only what is its own. */
export const filesKeepTheirShape: Rule = (files, { maxLines }) =>
  files.flatMap((file) => {
    const faults: string[] = [];
    if (file.lines > maxLines)
      faults.push(`${file.path} has ${file.lines} lines, over ${maxLines}`);
    if (file.header === undefined) faults.push(`${file.path} has no header comment`);
    if (file.hasDefaultExport) faults.push(`${file.path} has a default export`);
    if (file.isBarrel) faults.push(`${file.path} exports again what another file exports`);
    return faults;
  });
