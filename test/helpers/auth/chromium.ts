/**
 * Debian's Chromium, without a window, for what only a real browser can show. It finds the test domain
 * on this machine, keeps everything in a folder of its own, and is gone at the end of the block.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { TEST_DOMAIN } from "./authority.ts";

const EXECUTABLE = "/usr/bin/chromium";
/** For one step of a person, a click or a page, with room for a machine under load. */
const STEP_MS = 30_000;

export interface ChromiumOptions {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
}

export class Chromium implements AsyncDisposable {
  /** What pages were refused, as the browser's console says it. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #folder: string;

  private constructor(context: BrowserContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
  }

  static async start({ colorScheme = "light", width = 900 }: ChromiumOptions = {}) {
    const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-chromium-"));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: EXECUTABLE,
      headless: true,
      colorScheme,
      viewport: { width, height: 800 },
      // The authority is the test's own; names and ports are compared as always.
      ignoreHTTPSErrors: true,
      args: [
        `--host-resolver-rules=MAP ${TEST_DOMAIN} 127.0.0.1, MAP *.${TEST_DOMAIN} 127.0.0.1`,
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    });
    context.setDefaultTimeout(STEP_MS);
    return new Chromium(context, folder);
  }

  /** Opens a page as one that was typed. */
  async open(url: string | URL): Promise<Page> {
    const page = await this.#context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    await page.goto(String(url));
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
