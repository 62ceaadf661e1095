import { formatLevel, formatShare, formatValue } from '../units.ts';
import type { PageContext, Part } from './context.ts';
import { type Content, html, joined, type Markup, trusted } from './markup.ts';
import { dataTable, runnerName } from './pieces.ts';

/** The host, what was started, the configuration, and how to do it again. */

function yesNo(value: boolean | null): string {
  if (value === null) return 'the host does not say';
  return value ? 'yes' : 'no';
}

function facts(items: readonly (readonly [name: string, value: Content])[]): Markup {
  return html`<dl class="facts">${items.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function hostFacts({ result: { host } }: PageContext): Markup {
  const unsaid = 'the host does not say';
  return facts([
    ['processor', host.cpuModel ?? unsaid],
    ['CPUs', host.cpus],
    ['memory', formatValue(host.memoryBytes, 'bytes')],
    ['kernel', host.kernel],
    ['distribution', host.distribution],
    ['KVM usable', yesNo(host.kvm)],
    ['itself virtual', yesNo(host.virtualised)],
    ['control groups', host.cgroup],
    ['init', host.init],
    ['frequency governor', host.governor ?? unsaid],
    ['simultaneous threads', yesNo(host.smt)],
    ['file system of the state', host.stateFileSystem],
  ]);
}

function instanceFacts({ result }: PageContext): Markup {
  const { spec, image } = result;
  return facts([
    ['CPU set', spec.cpus.join(', ')],
    ['memory', `${formatValue(spec.memoryBytes, 'bytes')} (${spec.memoryBytes / 2 ** 20} MiB)`],
    ['disk cache', spec.diskCache],
    ['network', spec.network],
    ['image', html`<code>${image.digest}</code>`],
    ['made of', `${image.packages} packages of ${image.suite}, ${image.createdAt}`],
  ]);
}

function runnerTable({ result, view }: PageContext): Markup {
  const rows = result.runners.map((runner) => ({
    cells: [
      runnerName(view.runner(runner.as)),
      runner.title,
      `${runner.isolation}${runner.accel === 'none' ? '' : `, ${runner.accel}`}${runner.capabilities.nested === true ? ', nested' : ''}`,
      joined(
        Object.entries(runner.versions)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, version]) => `${name} ${version}`),
        html`, `,
      ),
      html`<code>${runner.digest}</code>`,
    ],
  }));
  const columns = ['runner', 'title', 'isolation', 'versions', 'starts'].map((heading) => ({ heading }));
  return dataTable('Runners of this run', columns, rows);
}

export function hostPart(context: PageContext): Part {
  const body = html`${hostFacts(context)}<h3>Every instance</h3>${instanceFacts(context)}<h3>Runners</h3>${runnerTable(context)}`;
  return { id: 'host', heading: 'Host, image and runners', body, charts: [] };
}

/** `a.b: value` for every leaf. */
function leaves(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object')) return [[path, value.join(', ')]];
    return value.flatMap((item, index) => leaves(item, `${path}.${index}`));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
  }
  return [[path, value === '' ? '""' : String(value)]];
}

export function configurationPart({ manifest, result }: PageContext): Part {
  const blocks = result.experiments.map(({ id, blocks: done, pilotBlocks, frozen }): readonly [string, Content] => {
    const needed = frozen === null || frozen.needed === null ? '' : `; the target precision needs ${frozen.needed}`;
    const fixed = frozen ? `, fixed at ${frozen.blocks} by ${frozen.reason}${needed}` : '';
    return [`blocks of ${id}`, `${done} measured${pilotBlocks > 0 ? `, ${pilotBlocks} pilot (excluded)` : ''}${fixed}`];
  });
  const body = html`${facts([
    ...blocks,
    ['primary comparisons', result.comparisons],
    ['level of each interval', `${formatLevel(result.level)} or more`],
    ['equivalence margin', `±${formatShare(result.delta)}`],
  ])}
<h3>As it was run, every default written out</h3>
<p class="quiet">Times in milliseconds, sizes in bytes.</p>
${facts(leaves(manifest.config, ''))}
<h3>Workload settings</h3>
${facts(leaves(manifest.workloadSettings, ''))}`;
  return { id: 'configuration', heading: 'Configuration', body, charts: [] };
}

const PLAIN_WORD = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** A flag from the configuration; nothing for a value that a shell would not take as one plain word. */
function flag(name: string, value: unknown, suffix = ''): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const plain = items.length > 0 && items.every((item) => PLAIN_WORD.test(String(item)) && typeof item !== 'object');
  return plain && value !== undefined && value !== null ? [`--${name}`, `${items.join(',')}${suffix}`] : [];
}

/** The command line of this run, as far as flags can say it: the program, then one flag with its value each. */
export function commandLine({ manifest: { config, seed } }: PageContext): readonly string[] {
  const flags = [
    flag('profile', config['profile']),
    flag('runners', config['runners']),
    flag('experiments', config['experiments']),
    flag('accel', config['accel']),
    flag('budget', config['budget'], 'ms'),
    flag('seed', seed),
  ];
  return ['tare run', ...flags.filter((words) => words.length > 0).map((words) => words.join(' '))];
}

const CONTINUED = trusted(' \\\n  ');

export function reproducePart(context: PageContext): Part {
  const { manifest, result } = context;
  const body = html`<p>With tare ${manifest.tare}:</p>
<pre><code>${joined(commandLine(context), CONTINUED)}</code></pre>
<p>The seed decides the order of the blocks. Settings beyond these flags are listed under <a href="#configuration">Configuration</a> and stand in full in <code>manifest.json</code>. To start from the very same bytes, the image’s digest must be <code>${result.image.digest}</code>: <code>tare image export</code> here, <code>tare image import</code> there. To derive this page again from the evidence: <code>tare report</code> on the bundle’s folder; <code>sha256sum --check SHA256SUMS</code> tells whether the evidence is as it was.</p>`;
  return { id: 'reproduce', heading: 'Do it again', body, charts: [] };
}
