import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

export interface View {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
  /** What the URL asks for; without it nothing. */
  readonly lang?: 'en' | 'zh';
}

/** What a page did that a standalone report must not do. */
export interface Watched {
  readonly page: Page;
  /** Errors and warnings on the console, uncaught exceptions, broken policy. */
  readonly complaints: readonly string[];
  /** Addresses asked for, the file itself left out. */
  readonly requests: readonly string[];
}

/** Debian's Chromium with a folder for the files that it shows; both end with it. */
export class ReportBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly folder: string;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.folder = folder;
  }

  static async launch(): Promise<ReportBrowser> {
    const folder = mkdtempSync(join(tmpdir(), 'tare-report-'));
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
    return new ReportBrowser(browser, folder);
  }

  /** Writes the page to a file and opens it as people do. */
  async open(html: string, { width, scheme, lang }: View): Promise<Watched> {
    const path = join(this.folder, 'report.html');
    writeFileSync(path, html);
    const context: BrowserContext = await this.#browser.newContext({
      ...{ viewport: { width, height: 900 }, colorScheme: scheme },
    });
    const page = await context.newPage();
    // A page of many screens is painted by software, on a machine that may be busy.
    page.setDefaultTimeout(120_000);
    const complaints: string[] = [];
    const requests: string[] = [];
    const url = `${pathToFileURL(path).href}${lang === undefined ? '' : `?lang=${lang}`}`;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== url) requests.push(request.url());
    });
    await page.goto(url);
    return { page, complaints, requests };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
