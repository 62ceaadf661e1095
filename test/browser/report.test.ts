import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import test from 'ava';
import { waitUntil } from '../../bench/proc/clock.ts';
import type { Page } from 'playwright-core';
import { renderHtml } from '../../reports/html/render.ts';
import { WORDS } from '../../reports/words.ts';
import { ReportBrowser, type View } from '../helpers/reports/browser.ts';
import { reportFixture } from '../helpers/reports/fixture.ts';

const emulated = renderHtml(reportFixture({ vm: 'tcg', hostile: true }));
const kvm = renderHtml(reportFixture({ vm: 'kvm', hostile: false }));

/** Phone, tablet and wide screen; each scheme and each language at its narrowest. */
const VIEWS: readonly Required<View>[] = [
  { width: 1600, scheme: 'light', lang: 'en' },
  { width: 1600, scheme: 'dark', lang: 'zh' },
  { width: 768, scheme: 'light', lang: 'zh' },
  { width: 320, scheme: 'light', lang: 'en' },
  { width: 320, scheme: 'dark', lang: 'zh' },
];

/** What the pages looked like, for people to look at; git ignores the folder. */
const SCREENSHOTS = join(import.meta.dirname, '../../.cache/screenshots');

// Code for the page is text: this project's types know no DOM.
const BLANK_CHARTS = `[...document.querySelectorAll('canvas')].filter((canvas) => {
  const { width, height } = canvas;
  return width === 0 || height === 0 || !canvas.getContext('2d').getImageData(0, 0, width, height).data.some((value) => value > 0);
}).map((canvas) => canvas.id)`;

async function number(page: Page, expression: string): Promise<number> {
  return Number(await page.evaluate(expression));
}

/** Of the other page each width once. */
const ONCE = VIEWS.filter(({ width }, index) => VIEWS.findIndex((view) => view.width === width) === index);

for (const [name, html, views] of [
  ['emulated', emulated, ONCE],
  ['kvm', kvm, VIEWS],
] as const) {
  for (const view of views) {
    const { width, scheme, lang } = view;
    test(`the ${name} report stands alone, draws itself and is accessible, ${width} wide, ${scheme}, ${lang}`, async (t) => {
      await using browser = await ReportBrowser.launch();
      const { page, complaints, requests } = await browser.open(html, view);
      t.deepEqual(complaints, []);
      t.deepEqual(requests, []);
      t.is(await page.evaluate('document.documentElement.lang'), lang);
      t.true((await number(page, 'document.querySelectorAll("canvas").length')) > 5);
      t.deepEqual(await page.evaluate(BLANK_CHARTS), []);
      t.is(await number(page, 'document.documentElement.scrollWidth'), width);
      mkdirSync(SCREENSHOTS, { recursive: true });
      const path = join(SCREENSHOTS, `${name}-${width}-${scheme}-${lang}.png`);
      await page.screenshot({ path, fullPage: true });
      t.true(statSync(path).size > 50_000);
      const { violations } = await new AxeBuilder({ page }).analyze();
      t.deepEqual(
        violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`)),
        [],
      );
    });
  }
}

for (const lang of ['en', 'zh'] as const) {
  test(`${lang}: no message of an instance runs or becomes an element`, async (t) => {
    await using browser = await ReportBrowser.launch();
    const { page } = await browser.open(emulated, { width: 1280, scheme: 'light', lang });
    t.is(await page.evaluate('typeof globalThis.pwned'), 'undefined');
    t.is(await number(page, 'document.images.length'), 0);
    t.is(await number(page, 'document.scripts.length'), 4);
  });

  test(`${lang}: the table on the page is that of result.json, cell by cell`, async (t) => {
    const { result } = reportFixture({ vm: 'kvm', hostile: false });
    await using browser = await ReportBrowser.launch();
    const { page } = await browser.open(kvm, { width: 1280, scheme: 'light', lang });
    const rows = await page.locator('#table tr.claim').allInnerTexts();
    t.is(rows.length, result.claims.length);
    for (const [at, { feature, halves }] of result.claims.entries()) {
      const shown = (rows[at] ?? '').replaceAll(/\s+/g, ' ');
      for (const { source, verdict, reason } of halves) {
        const words = [feature[lang], source.zh, source.en, WORDS[lang].claim[verdict], reason[lang]];
        for (const word of words) t.true(shown.includes(word), `${word} in ${shown}`);
      }
    }
  });
}

test('the language is in the URL, leads to the same place in the other one, and its charts are painted', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page, complaints, requests } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  t.is(await page.evaluate('document.documentElement.lang'), 'en');
  await page.locator('nav a[href="#experiment-density"]').click();
  await page.locator('a[data-lang="zh"]').click();
  await page.locator('html[lang="zh"]').waitFor({ state: 'attached' });
  t.regex(page.url(), /\?lang=zh#experiment-density$/);
  t.is(await page.locator('#experiment-density h2').innerText(), '密度');
  t.regex(await page.title(), /容器/);
  t.deepEqual(await page.evaluate(BLANK_CHARTS), []);
  const { violations } = await new AxeBuilder({ page }).analyze();
  t.deepEqual(
    violations.map(({ id }) => id),
    [],
  );
  t.deepEqual(complaints, []);
  await page.locator('a[data-lang="en"]').click();
  await page.locator('html[lang="en"]').waitFor({ state: 'attached' });
  t.regex(page.url(), /\?lang=en#experiment-density$/);
  // Only the page itself was asked for, once for each language.
  t.deepEqual(
    requests.filter((url) => !/report\.html(?:\?lang=(?:en|zh))?(?:#.*)?$/.test(url)),
    [],
  );
});

test('the policy stops a script that is not the report’s own', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page, complaints } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  await page.evaluate(`{
    const script = document.createElement('script');
    script.textContent = 'globalThis.pwned = 3';
    document.body.append(script);
  }`);
  t.is(await page.evaluate('typeof globalThis.pwned'), 'undefined');
  t.regex(complaints.join('\n'), /Content Security Policy/);
});

test('a verdict leads to its evidence', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  await page.locator('a.chip.holds').first().click();
  const row = page.locator('tr:target');
  t.regex((await row.innerText()).replaceAll(/\s+/g, ' '), /^docker ready .* 806 ms 755 ms–∞/);
  t.true(await row.isVisible());
});

test('a dot tells its block and value under the pointer', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  const text = await page.evaluate(`{
    const chart = Chart.getChart('chart-startup-ready');
    const { x, y } = chart.getDatasetMeta(0).data[0];
    chart.tooltip.setActiveElements([{ datasetIndex: 0, index: 0 }], { x, y });
    chart.update();
    chart.tooltip.body[0].lines[0];
  }`);
  t.regex(String(text), /^block 3: \d[\d.]* ms$/);
});

test('a verdict about performance leads to its first program, and every ratio in the row to its own', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  await page.locator('.ratios a', { hasText: '0.409×' }).click();
  t.regex(
    (await page.locator('tr:target').innerText()).replaceAll(/\s+/g, ' '),
    /^kvm-direct random-read .* 8\.84 k\/s/,
  );
});

test('the curves of density have a line for every ramp, and steps open for whoever wants them', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page, complaints } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  const lines = `Chart.getChart('chart-density-idle-memory').data.datasets.map(({ data }) => data.length)`;
  t.deepEqual(await page.evaluate(lines), [12, 12, 12, 12, 12, 12, 12, 12, 12, 8, 8, 8]);
  const text = await page.evaluate(`{
    const chart = Chart.getChart('chart-density-idle-memory');
    const { x, y } = chart.getDatasetMeta(11).data[7];
    chart.tooltip.setActiveElements([{ datasetIndex: 11, index: 7 }], { x, y });
    chart.update();
    chart.tooltip.body[0].lines[0];
  }`);
  t.regex(String(text), /^kvm-direct, ramp 3, 97 instances: 18\.\d GB$/);
  const steps = page.locator('details', { hasText: 'Every step' }).locator('table');
  t.false(await steps.isVisible());
  await page.locator('summary', { hasText: 'Every step' }).click();
  t.true(await steps.isVisible());
  t.deepEqual(complaints, []);
});

test('the charts of programs share one scale', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  const ends = `[1, 2, 3, 4, 5, 6, 7].map((at) => Chart.getChart('chart-throughput-' + at).scales.x).map(({ min, max }) => min + ' ' + max)`;
  t.is(new Set(await page.evaluate<string[]>(ends)).size, 1);
});

test('the charts follow the color scheme, and paper is always white', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page, complaints } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  const ink = `Chart.getChart('chart-startup-ready').options.scales.x.ticks.color`;
  const light = await page.evaluate(ink);
  await page.emulateMedia({ colorScheme: 'dark' });
  // Not page.waitForFunction: it polls by eval, which the page's policy forbids.
  t.true(await waitUntil(async () => (await page.evaluate(ink)) !== light, { timeoutMs: 10_000, everyMs: 20 }));
  await page.evaluate(`window.dispatchEvent(new Event('beforeprint'))`);
  t.is(await page.evaluate(ink), light);
  await page.evaluate(`window.dispatchEvent(new Event('afterprint'))`);
  t.not(await page.evaluate(ink), light);
  t.deepEqual(complaints, []);
});

test('everything is reached with the keyboard alone, in the order of the page, and is seen to be', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  const focused = `{
    const { activeElement: element } = document;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    ({
      at: [...document.querySelectorAll('a, summary, [tabindex]')].indexOf(element),
      outlined: outlineStyle !== 'none' && outlineWidth !== '0px',
    });
  }`;
  const all = await number(
    page,
    `[...document.querySelectorAll('a, summary, [tabindex]')].filter((element) => element.checkVisibility()).length`,
  );
  const seen: number[] = [];
  for (let press = 0; press < all; press += 1) {
    await page.keyboard.press('Tab');
    const { at, outlined } = await page.evaluate<{ at: number; outlined: boolean }>(focused);
    t.true(outlined, `element ${at} shows no focus`);
    seen.push(at);
  }
  t.is(new Set(seen).size, all);
  t.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test('a table opens with the keyboard, and a verdict leads to its evidence', async (t) => {
  await using browser = await ReportBrowser.launch();
  const { page } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  await page.locator('summary', { hasText: 'Every step' }).focus();
  await page.keyboard.press('Enter');
  t.true(await page.locator('details', { hasText: 'Every step' }).locator('table').isVisible());
  await page.locator('a.chip.holds').first().focus();
  await page.keyboard.press('Enter');
  t.true(await page.locator('tr:target').isVisible());
});

test('a report opens in little time and size beside its evidence', async (t) => {
  t.true(kvm.length < 3e6, `${kvm.length} characters`);
  await using browser = await ReportBrowser.launch();
  const { page } = await browser.open(kvm, { width: 1280, scheme: 'light' });
  const [{ duration, loadEventEnd } = { duration: 0, loadEventEnd: 0 }] = await page.evaluate<
    { duration: number; loadEventEnd: number }[]
  >(`performance.getEntriesByType('navigation').map(({ duration, loadEventEnd }) => ({ duration, loadEventEnd }))`);
  t.true(loadEventEnd > 0 && duration > 0);
  t.log(`${Math.round(duration)} ms until it was loaded, ${(kvm.length / 1e6).toFixed(2)} MB`);
});

test('nothing is cut off on paper', async (t) => {
  await using browser = await ReportBrowser.launch();
  // A4 less the page's margins.
  const { page } = await browser.open(emulated, { width: 688, scheme: 'light' });
  await page.emulateMedia({ media: 'print' });
  t.is(await number(page, 'document.documentElement.scrollWidth'), 688);
});
