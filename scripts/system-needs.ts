/**
 * What the tests in test/system need of the machine, as one table. A test whose needs are not met
 * is named with what is missing and how to get it; it is neither passed nor failed. A test file
 * that has no row needs nothing but Linux.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { mayLimitMemory } from "../test/helpers/memory-group.ts";

interface Need {
  /** In test/system. */
  readonly file: string;
  /** Programs on the PATH, each with the Debian package that brings it. */
  readonly programs: Readonly<Record<string, string>>;
  /** Makes PID and mount namespaces, which takes root, and a container that lets it. */
  readonly areNamespacesNeeded: boolean;
  readonly isRootNeeded?: boolean;
  /** Makes a control group with a limit of memory. */
  readonly isMemoryGroupNeeded?: boolean;
}

const folder = "test/system";
const PROBE_TIMEOUT_MS = 10_000;

const needs: readonly Need[] = [
  {
    file: "bind-mount.test.ts",
    programs: { unshare: "util-linux", mount: "mount" },
    areNamespacesNeeded: true,
  },
  { file: "browser.test.ts", programs: { chromium: "chromium" }, areNamespacesNeeded: false },
  {
    file: "chaos.test.ts",
    programs: { unshare: "util-linux", mount: "mount" },
    areNamespacesNeeded: true,
  },
  {
    file: "chroot.test.ts",
    programs: { unshare: "util-linux", mount: "mount", chroot: "coreutils", ldd: "libc-bin" },
    areNamespacesNeeded: true,
  },
  { file: "claude-code.test.ts", programs: { script: "bsdutils" }, areNamespacesNeeded: false },
  {
    file: "completion.test.ts",
    programs: { fish: "fish", zsh: "zsh" },
    areNamespacesNeeded: false,
  },
  {
    file: "deploy-compose.test.ts",
    programs: { "docker-compose": "docker-compose" },
    areNamespacesNeeded: false,
  },
  {
    file: "deploy-systemd.test.ts",
    programs: { "systemd-analyze": "systemd" },
    areNamespacesNeeded: false,
  },
  {
    file: "hidden-memory.test.ts",
    programs: { setpriv: "util-linux" },
    areNamespacesNeeded: false,
  },
  {
    file: "out-of-memory.test.ts",
    programs: {},
    areNamespacesNeeded: false,
    isRootNeeded: true,
    isMemoryGroupNeeded: true,
  },
  {
    file: "from-scratch.test.ts",
    programs: { unshare: "util-linux", mount: "mount", chroot: "coreutils", ldd: "libc-bin" },
    areNamespacesNeeded: true,
  },
  {
    file: "image.test.ts",
    programs: {
      unshare: "util-linux",
      nsenter: "util-linux",
      mount: "mount",
      chroot: "coreutils",
      "apt-get": "apt",
      "dpkg-deb": "dpkg",
    },
    areNamespacesNeeded: true,
  },
  { file: "pid-1.test.ts", programs: { unshare: "util-linux" }, areNamespacesNeeded: true },
  { file: "run-as.test.ts", programs: {}, areNamespacesNeeded: false, isRootNeeded: true },
  {
    file: "promtool.test.ts",
    programs: { promtool: "prometheus" },
    areNamespacesNeeded: false,
  },
];

/** The test files that can run here, and one line for each that cannot, with the reason. */
export function systemTestsFor(): {
  readonly files: readonly string[];
  readonly missing: readonly string[];
} {
  const present = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".test.ts"))
        .sort()
    : [];
  const verdicts = present.map((file) => ({ file, reasons: reasonsAgainst(file) }));
  return {
    files: verdicts
      .filter(({ reasons }) => reasons.length === 0)
      .map(({ file }) => `./${join(folder, file)}`),
    missing: verdicts
      .filter(({ reasons }) => reasons.length > 0)
      .map(({ file, reasons }) => `${file} cannot run here: ${reasons.join("; ")}`),
  };
}

/** The Debian packages that bring every program of the table. */
export function debianPackages(): readonly string[] {
  return [...new Set(needs.flatMap((need) => Object.values(need.programs)))];
}

function reasonsAgainst(file: string): readonly string[] {
  if (process.platform !== "linux") return ["it needs Linux"];
  const need = needs.find((row) => row.file === file);
  if (need === undefined) return [];
  const absent = Object.entries(need.programs)
    .filter(([program]) => Bun.which(program) === null)
    .map(([program, debianPackage]) => `${program} is missing (apt-get install ${debianPackage})`);
  const isRootNeeded = need.areNamespacesNeeded || need.isRootNeeded === true;
  if (isRootNeeded && process.getuid?.() !== 0) return [...absent, "it needs root"];
  if (need.isMemoryGroupNeeded === true && !mayLimitMemory()) {
    return [...absent, "no memory control group may be made (a container needs --privileged)"];
  }
  if (!need.areNamespacesNeeded) return absent;
  if (absent.length > 0 || mayMakeNamespaces()) return absent;
  return ["namespaces may not be made (a container needs --privileged for this)"];
}

function mayMakeNamespaces(): boolean {
  const mount = "mount -t proc proc /proc && mount -t tmpfs none /tmp";
  const command = ["unshare", "--pid", "--fork", "--mount", "sh", "-c", mount];
  const stdio: ["ignore", "ignore", "ignore"] = ["ignore", "ignore", "ignore"];
  return Bun.spawnSync(command, { stdio, timeout: PROBE_TIMEOUT_MS }).exitCode === 0;
}

if (import.meta.main && process.argv[2] === "packages") console.log(debianPackages().join(" "));
