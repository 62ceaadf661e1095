import type { ClaimHalf, Result } from '../../bench/model/result.ts';
import { hostText, medianText } from '../phrases.ts';
import type { Entry } from '../view-model.ts';
import { type PageContext, words } from './context.ts';
import { type Content, html, joined } from './markup.ts';

/** One paragraph that says what was done and found, from the data alone. */

function listed(items: readonly Content[]): Content {
  if (items.length < 2) return items;
  return [joined(items.slice(0, -1), html`, `), html` and `, items.at(-1) ?? null];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function measuredSentence({ result, view }: PageContext): Content {
  const workloads = [...new Set(result.experiments.map(({ workload }) => workload))];
  const experiments = result.experiments.map(({ id, blocks }) => html`${counted(blocks, 'measured block')} of ${id}`);
  const runners = view.runners.filter(({ tone }) => tone !== 'harness').map(({ label }) => html`<b>${label}</b>`);
  return html`This run started ${listed(workloads)} as ${listed(runners)}: ${listed(experiments)}. The host: ${hostText(result, words)}. `;
}

function startupSentence({ view }: PageContext): Content {
  const ready = view.ordinary.filter(({ cell }) => {
    return cell.experiment === 'startup' && cell.metric === 'ready' && cell.median !== null;
  });
  const byValue = ready.toSorted((a, b) => (a.cell.median ?? 0) - (b.cell.median ?? 0));
  if (byValue.length === 0) return null;
  const value = ({ runner, cell }: Entry) => html`${runner.label} ${medianText(cell, words)}`;
  return html`Medians until the application’s first valid answer: ${listed(byValue.map(value))}. `;
}

function verdictSentence(result: Result): Content {
  const halves = result.claims.flatMap((claim) => claim.halves);
  if (halves.length === 0) return null;
  const order: readonly ClaimHalf['verdict'][] = ['holds', 'does-not-hold', 'not-resolved', 'not-assessable'];
  const plural: Readonly<Record<ClaimHalf['verdict'], string>> = {
    holds: 'hold',
    'does-not-hold': 'do not hold',
    'not-resolved': 'are not resolved',
    'not-assessable': 'are not assessable here',
  };
  const parts = order.flatMap((verdict) => {
    const count = halves.filter((half) => half.verdict === verdict).length;
    if (count === 0) return [];
    const singular = verdict.startsWith('not') ? `is ${words.claim[verdict]}` : words.claim[verdict];
    return [`${count} ${count === 1 ? singular : plural[verdict]}`];
  });
  return html`Of the ${counted(halves.length, 'half-row')} of the source’s table, ${listed(parts)}. `;
}

function caveats({ result, view }: PageContext): Content {
  const failures = result.failures.reduce((sum, { count }) => sum + count, 0);
  const tripped = result.guards.reduce((sum, guard) => sum + guard.tripped, 0);
  const emulated = view.emulated.map(({ runner }) => runner.label);
  return [
    emulated.length > 0
      ? html`Values of ${listed(emulated)} are emulated: they stand in a section of their own, without ratio or verdict. `
      : null,
    failures > 0
      ? html`<a href="#failures">${counted(failures, 'failure')}</a> ${failures === 1 ? 'was' : 'were'} counted. `
      : html`Nothing failed. `,
    tripped > 0
      ? html`<a href="#guards">Guards</a> tripped ${tripped === 1 ? 'once' : tripped === 2 ? 'twice' : `${tripped} times`}. `
      : null,
    result.outcome === 'complete' ? null : html`<strong>The run is ${words.outcome[result.outcome]}.</strong> `,
  ];
}

export function summary(context: PageContext): Content {
  const { result } = context;
  return html`<p class="summary">${measuredSentence(context)}${startupSentence(context)}${verdictSentence(result)}${caveats(context)}</p>`;
}
