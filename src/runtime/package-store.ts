/**
 * The packages of the servers that this executable runs by itself: installed once, looked up after
 * that, and looked after: once a day the registry is asked for what a range or a tag means now.
 *
 * Owns what is going on: one installation for each place, whoever waits for it, and few at once.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError, messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { ChildCommand, Supervisor } from "../supervisor/model.ts";
import { emptySettings, guardWords } from "./empty-settings.ts";
import { installVariables, registryIn } from "./install-environment.ts";
import {
  makeTree,
  type InstallWork,
  type Resolved,
  resolvePackages,
  restoreResolved,
} from "./install-packages.ts";
import { findEntry, type PackageEntry } from "./package-entry.ts";
import { PackagePlace, type PackageLock } from "./package-place.ts";
import { isExact } from "./package-spec.ts";
import type { RuntimePlan } from "./runtime-plan.ts";
import { Turns } from "./turns.ts";
import { runTool, type ToolFailure } from "./tool-run.ts";

/** What the store is built with. */
export interface PackageStoreOptions {
  /** `{dataDir}/packages`. */
  readonly folder: string;
  /** Our own executable. */
  readonly program: string;
  readonly installEnv: Readonly<Record<string, string>>;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Whose packages. */
export interface PackageOwner {
  readonly name: string;
  readonly slug: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly installScripts: boolean;
  readonly installTimeoutMs: number;
  readonly runAs: ChildCommand["runAs"];
}

/** What of a server is to be installed. */
export interface PackageQuestion {
  readonly server: PackageOwner;
  readonly plan: Extract<RuntimePlan, { kind: "package" }>;
}

/** A program that is there. */
export interface InstalledPackage {
  readonly entry: PackageEntry;
  readonly versions: Readonly<Record<string, string>>;
}

/** How old the answer of a registry may become. */
export const REFRESH_MS = 24 * 60 * 60_000;
/** More at once only share the same line. */
const INSTALLS_AT_ONCE = 4;

export class PackageStore {
  readonly #options: PackageStoreOptions;
  readonly #turns = new Turns(INSTALLS_AT_ONCE);
  readonly #running = new Map<string, Promise<InstalledPackage>>();

  constructor(options: PackageStoreOptions) {
    this.#options = options;
  }

  /** What is installed of it, as the lock file says; undefined when that is not there. */
  find(question: PackageQuestion): InstalledPackage | undefined {
    return findInstalled(placeOf(this.#options.folder, question), question);
  }

  /**
   * Installs what is not there: what the lock file says, or what the registry says now.
   * @throws GatewayError UPSTREAM_SPAWN_FAILED
   */
  install(question: PackageQuestion): Promise<InstalledPackage> {
    return this.#once(question, async (place) => {
      const found = findInstalled(place, question);
      if (found !== undefined) return found;
      const { name } = question.server;
      const what = question.plan.packages.join(", ");
      this.#say("INFO", `server "${name}": installing ${what} into ${place.folder}`);
      const { lock } = place;
      if (lock !== undefined) {
        const again = await this.#attempt(question, place, lock);
        if (typeof again !== "string") return again;
        this.#say("WARNING", `server "${name}": the locked version cannot be had again: ${again}`);
      }
      const fresh = await this.#attempt(question, place, undefined);
      if (typeof fresh !== "string") return fresh;
      throw new GatewayError("UPSTREAM_SPAWN_FAILED", cannotInstall(what, fresh), {
        retryable: true,
      });
    });
  }

  /** True when the registry has not been asked for a day and may know better by now. */
  isDue({ server, plan }: PackageQuestion): boolean {
    const place = placeOf(this.#options.folder, { server, plan });
    const { lock } = place;
    if (lock === undefined || plan.packages.every(isExact) || !place.isWritable) return false;
    const ageMs = this.#options.clock.wallMs() - lock.checkedAtMs;
    return ageMs < 0 || ageMs >= REFRESH_MS;
  }

  /**
   * Asks the registry what the packages are today; a newer version is there for the next start. A
   * registry that fails changes nothing. Never rejects.
   * @returns the version that counts from now on; undefined when nothing is installed
   */
  async refresh(question: PackageQuestion): Promise<InstalledPackage | undefined> {
    const { name } = question.server;
    try {
      return await this.#once(question, async (place) => {
        const { lock } = place;
        const known = findInstalled(place, question);
        if (lock === undefined || known === undefined) throw new Error("nothing is installed");
        // Also when it fails: once a day is enough for a registry that is down.
        place.write({ ...lock, checkedAtMs: this.#options.clock.wallMs() });
        const found = await this.#attempt(question, place, undefined, lock.versions);
        if (typeof found === "string") {
          const message = `server "${name}" stays at ${versionText(lock.versions)}: ${found}`;
          this.#say("WARNING", message);
          return known;
        }
        if (!isSame(found.versions, lock.versions)) {
          const message = `server "${name}": ${versionText(found.versions)} is installed, and runs from its next start on`;
          this.#say("INFO", message);
        }
        return found;
      });
    } catch (error) {
      const message = `server "${name}": packages cannot be renewed: ${messageOf(error)}`;
      this.#say("WARNING", message);
      return undefined;
    }
  }

  /** Whoever asks for a place while it is worked on gets the same outcome. */
  #once(
    question: PackageQuestion,
    work: (place: PackagePlace) => Promise<InstalledPackage>,
  ): Promise<InstalledPackage> {
    const place = placeOf(this.#options.folder, question);
    const running = this.#running.get(place.folder);
    if (running !== undefined) return running;
    const started = this.#turns
      .take(() => work(place))
      .finally(() => this.#running.delete(place.folder));
    this.#running.set(place.folder, started);
    return started;
  }

  /**
   * One installation, beside what is there; without `locked` of what the registry says, which is
   * nothing new when it says `known`. @returns what is installed now, or why not
   */
  async #attempt(
    question: PackageQuestion,
    place: PackagePlace,
    locked: PackageLock | undefined,
    known?: Readonly<Record<string, string>>,
  ): Promise<InstalledPackage | string> {
    const { wallMs } = this.#options.clock;
    const { installScripts, runAs } = question.server;
    if (installScripts && runAs !== undefined) {
      return 'its install scripts would run as the gateway\'s user: remove "installScripts", or "runAs"';
    }
    let folder: string;
    try {
      folder = place.begin(wallMs());
    } catch (error) {
      return `${place.folder} cannot be written (${messageOf(error)}). Set DATA_DIR to a folder that this user may write`;
    }
    try {
      const work = this.#workIn(folder, question, known !== undefined);
      if (locked !== undefined) restoreResolved(folder, locked);
      const resolved: Resolved | { failure: string } = locked ?? (await resolvePackages(work));
      if ("failure" in resolved) return resolved.failure;
      const installed = findInstalled(place, question);
      const isKnown = known !== undefined && isSame(resolved.versions, known);
      if (isKnown && installed !== undefined) return installed;
      const failure = await makeTree(work);
      if (failure !== undefined) return failure;
      const entry = entryIn(folder, resolved.versions, question);
      if (!entry.ok) return `the package ${question.plan.packages.join(", ")} ${entry.error}`;
      const { versions, manifest, bunLock } = resolved;
      place.publish(folder, { versions, manifest, bunLock, checkedAtMs: wallMs() });
      return findInstalled(place, question) ?? "it was removed at once";
    } catch (error) {
      return messageOf(error);
    } finally {
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    }
  }

  #workIn(folder: string, { server, plan }: PackageQuestion, isRenewal: boolean): InstallWork {
    const { supervisor, clock, program, installEnv } = this.#options;
    const untilMs = clock.nowMs() + server.installTimeoutMs;
    const cacheFolder = join(this.#options.folder, "cache");
    const { registry } = plan;
    return {
      folder,
      packages: plan.packages,
      installScripts: server.installScripts,
      isRenewal,
      program,
      guards: guardWords(emptySettings(this.#options.folder)),
      env: installVariables({ gateway: installEnv, server: server.env, registry, cacheFolder }),
      run: (command: ChildCommand): Promise<ToolFailure> => {
        const timeoutMs = Math.max(1, Math.ceil(untilMs - clock.nowMs()));
        const { slug, secrets } = server;
        return runTool(supervisor, clock, { server: slug, command, secrets, timeoutMs });
      },
    };
  }

  #say(level: "INFO" | "WARNING", message: string): void {
    this.#options.emit({ kind: "gateway.notice", level, message });
  }
}

/** The folder of packages in a data folder. */
export function packagesFolder(dataDir: string): string {
  return join(dataDir, "packages");
}

/** What is installed under a folder of packages, without a store: for those who only look. */
export function installedIn(
  folder: string,
  question: PackageQuestion,
): InstalledPackage | undefined {
  return findInstalled(placeOf(folder, question), question);
}

/** `server-memory 2026.8.31`. */
export function versionText(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

function placeOf(folder: string, { server, plan }: PackageQuestion): PackagePlace {
  return new PackagePlace(folder, {
    server: server.slug,
    packages: plan.packages,
    installScripts: server.installScripts,
    registry: plan.registry ?? registryIn(server.env),
  });
}

function findInstalled(
  place: PackagePlace,
  question: PackageQuestion,
): InstalledPackage | undefined {
  const { lock } = place;
  if (lock === undefined) return undefined;
  const { versions } = lock;
  const entry = entryIn(place.releaseFolder(lock), versions, question);
  return entry.ok ? { entry: entry.value, versions } : undefined;
}

function entryIn(
  folder: string,
  versions: Readonly<Record<string, string>>,
  { plan }: PackageQuestion,
): ReturnType<typeof findEntry> {
  return findEntry({ folder, packages: Object.keys(versions), bin: plan.bin });
}

function isSame(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length && names.every((name) => left[name] === right[name])
  );
}

function cannotInstall(what: string, failure: string): string {
  const hint = / 404|not found|No version matching/i.test(failure)
    ? "Correct the name or the version; a private registry is named in ~/.npmrc or by NPM_CONFIG_REGISTRY in the server's env."
    : "Try again when the registry can be reached, or install ahead of time with the command prefetch.";
  return `Cannot install ${what}: ${failure.replace(/\.$/, "")}. ${hint}`;
}
