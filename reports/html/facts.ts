import type { ManifestRunner } from '../../bench/model/manifest.ts';
import { isolationIn, reasonIn, titleIn } from '../titles.ts';
import { formatLevel, formatShare, formatValue } from '../units.ts';
import type { PageContext, Part, Tongue } from './context.ts';
import { type Content, html, joined, type Markup, trusted } from './markup.ts';
import { dataTable, runnerName } from './pieces.ts';

/** The host, what was started, the configuration, and how to do it again. */

function yesNo(value: boolean | null, { t }: Tongue): string {
  if (value === null) return t('the host does not say', '主机未说明');
  return value ? t('yes', '是') : t('no', '否');
}

function facts(items: readonly (readonly [name: string, value: Content])[]): Markup {
  return html`<dl class="facts">${items.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function hostFacts(context: PageContext): Markup {
  const { t, result } = context;
  const { host } = result;
  const unsaid = t('the host does not say', '主机未说明');
  return facts([
    [t('processor', '处理器'), host.cpuModel ?? unsaid],
    [t('CPUs', 'CPU 数'), host.cpus],
    [t('memory', '内存'), formatValue(host.memoryBytes, 'bytes')],
    [t('kernel', '内核'), host.kernel],
    [t('distribution', '发行版'), host.distribution],
    [t('KVM usable', 'KVM 可用'), yesNo(host.kvm, context)],
    [t('itself virtual', '自身是虚拟机'), yesNo(host.virtualised, context)],
    [t('control groups', '控制组'), host.cgroup],
    ['init', host.init],
    [t('frequency governor', '频率调速器'), host.governor ?? unsaid],
    [t('simultaneous threads', '超线程'), yesNo(host.smt, context)],
    [t('file system of the state', '状态目录的文件系统'), host.stateFileSystem],
  ]);
}

function instanceFacts({ result, manifest, t }: PageContext): Markup {
  const { spec, image } = result;
  const flavours = Object.entries(image.flavours ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return facts([
    [t('CPU set', 'CPU 集'), spec.cpus.join(', ')],
    [t('CPU set of clients outside', '外部客户端的 CPU 集'), spec.clientCpus.join(', ')],
    [t('memory', '内存'), `${formatValue(spec.memoryBytes, 'bytes')} (${spec.memoryBytes / 2 ** 20} MiB)`],
    [t('disk cache', '磁盘缓存'), spec.diskCache],
    [t('network', '网络'), spec.network],
    [t('image', '镜像'), html`<code>${image.digest}</code>`],
    ...flavours.map(([name, digest]): readonly [string, Content] => [
      t(`image with ${name}`, `含 ${name} 的镜像`),
      html`<code>${digest}</code>`,
    ]),
    [t('image of the VM', '虚拟机的镜像'), manifest.vmImage],
    [
      t('made of', '构成'),
      t(
        `${image.packages} packages of ${image.suite}, ${image.createdAt}`,
        `${image.suite} 的 ${image.packages} 个软件包，${image.createdAt}`,
      ),
    ],
  ]);
}

/** Somebody's own runner has a version as well. */
function moduleVersion({ module }: ManifestRunner): Readonly<Record<string, string>> {
  return module === undefined ? {} : { [module.use]: module.version ?? 'of no package' };
}

function optionsOf({ options = {} }: ManifestRunner): readonly string[] {
  return Object.entries(options).map(([name, value]) => `${name}=${String(value)}`);
}

function runnerTable({ result, view, t, lang }: PageContext): Markup {
  const withOptions = result.runners.some((runner) => optionsOf(runner).length > 0);
  const rows = result.runners.map((runner) => ({
    cells: [
      runnerName(view.runner(runner.as)),
      titleIn(lang, runner.title),
      [
        isolationIn(lang, runner.isolation),
        ...(runner.accel === 'none' ? [] : [runner.accel]),
        ...(runner.capabilities.nested === true ? [t('nested', '嵌套')] : []),
      ].join(', '),
      joined(
        Object.entries({ ...runner.versions, ...moduleVersion(runner) })
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, version]) => `${name} ${version}`),
        html`, `,
      ),
      ...(withOptions ? [joined(optionsOf(runner), html`, `)] : []),
      html`<code>${runner.digest}</code>`,
    ],
  }));
  const columns = [
    ...[
      t('runner', '运行器'),
      t('title', '名称'),
      t('isolation', '隔离方式'),
      t('versions', '版本'),
      ...(withOptions ? [t('options', '选项')] : []),
      t('starts', '启动内容'),
    ],
  ].map((heading) => ({ heading }));
  return dataTable(t('Runners of this run', '本次的运行器'), columns, rows);
}

/** What was changed on the host while the run went on. */
function tuning({ manifest: { tuned }, t }: PageContext): Markup {
  const heading = t('Tuned until the end of the run', '运行期间的调整');
  if (tuned === undefined || tuned.length === 0) {
    return html`<h3>${heading}</h3><p>${t('Nothing: the host was taken as it is.', '没有：主机保持原样。')}</p>`;
  }
  const items = tuned.map(({ path, before, during }): readonly [string, Content] => [path, `${before} → ${during}`]);
  return html`<h3>${heading}</h3>${facts(items)}`;
}

export function hostPart(context: PageContext): Part {
  const { t } = context;
  const body = html`${hostFacts(context)}${tuning(context)}<h3>${t('Every instance', '每个实例')}</h3>${instanceFacts(context)}<h3>${t('Runners', '运行器')}</h3>${runnerTable(context)}`;
  return { id: 'host', heading: t('Host, image and runners', '主机、镜像与运行器'), body, charts: [] };
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

function blockFacts({ result, t }: PageContext): readonly (readonly [string, Content])[] {
  return result.experiments.map(({ id, workload, blocks: done, pilotBlocks, frozen }) => {
    const asks =
      pilotBlocks > 0 ? t('the target precision needs', '目标精度需要') : t('the profile asks for', '配置档要求');
    const needed =
      frozen === null || frozen.needed === null ? '' : t(`; ${asks} ${frozen.needed}`, `；${asks} ${frozen.needed} 个`);
    const fixed = frozen
      ? t(
          `, fixed at ${frozen.blocks} by ${frozen.reason}${needed}`,
          `，由${reasonIn('zh', frozen.reason)}定为 ${frozen.blocks} 个${needed}`,
        )
      : '';
    const pilot = pilotBlocks > 0 ? t(`, ${pilotBlocks} pilot (excluded)`, `，试验 ${pilotBlocks} 个（不计入）`) : '';
    return [
      t(`blocks of ${id}, ${workload}`, `${id} 的区组，${workload}`),
      `${t(`${done} measured`, `测量 ${done} 个`)}${pilot}${fixed}`,
    ];
  });
}

export function configurationPart(context: PageContext): Part {
  const { manifest, result, t } = context;
  const level = formatLevel(result.level);
  const body = html`${facts([
    ...blockFacts(context),
    [t('primary comparisons', '主要比较'), result.comparisons],
    [t('level of each interval', '每个区间的水平'), t(`${level} or more`, `不低于 ${level}`)],
    [t('equivalence margin', '等效界限'), `±${formatShare(result.delta)}`],
  ])}
<h3>${t('As it was run, every default written out', '实际配置，含全部默认值')}</h3>
<p class="quiet">${t('Times in milliseconds, sizes in bytes.', '时间单位为毫秒，大小单位为字节。')}</p>
${facts(leaves(manifest.config, ''))}
<h3>${t('Workload settings', '工作负载的设置')}</h3>
${facts(leaves(manifest.workloadSettings, ''))}`;
  return { id: 'configuration', heading: t('Configuration', '配置'), body, charts: [] };
}

const PLAIN_WORD = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** A flag from the configuration; nothing for a value that a shell would not take as one plain word. */
function flag(name: string, value: unknown, suffix = ''): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const plain = items.length > 0 && items.every((item) => PLAIN_WORD.test(String(item)) && typeof item !== 'object');
  return plain && value !== undefined && value !== null ? [`--${name}`, `${items.join(',')}${suffix}`] : [];
}

const MINUTE_MS = 60_000;

function budgetFlag(budget: unknown): readonly string[] {
  if (typeof budget !== 'number' || budget % MINUTE_MS !== 0) return flag('budget', budget, 'ms');
  return flag('budget', budget / MINUTE_MS, 'm');
}

/** The command line of this run, as far as flags can say it: the program, then one flag with its value each. */
export function commandLine({ manifest: { config, seed } }: Pick<PageContext, 'manifest'>): readonly string[] {
  const flags = [
    flag('profile', config['profile']),
    flag('runners', config['runners']),
    flag('experiments', config['experiments']),
    flag('accel', config['accel']),
    budgetFlag(config['budget']),
    flag('seed', seed),
  ];
  return ['tare run', ...flags.filter((words) => words.length > 0).map((words) => words.join(' '))];
}

const CONTINUED = trusted(' \\\n  ');

export function reproducePart(context: PageContext): Part {
  const { manifest, result, t } = context;
  const digest = html`<code>${result.image.digest}</code>`;
  const explained = t(
    html`The seed decides the order of the blocks. Settings beyond these flags are listed under <a href="#configuration">Configuration</a> and stand in full in <code>manifest.json</code>. To start from the very same bytes, the image’s digest must be ${digest}: <code>tare image export</code> here, <code>tare image import</code> there. To derive this page again from the evidence: <code>tare report</code> on the bundle’s folder; <code>sha256sum --check SHA256SUMS</code> tells whether the evidence is as it was.`,
    html`种子决定区组的次序。以上参数之外的设置见<a href="#configuration">配置</a>，全文在 <code>manifest.json</code> 中。要从完全相同的字节开始，镜像的摘要须为 ${digest}：在本机用 <code>tare image export</code> 导出，在另一台用 <code>tare image import</code> 导入。要由证据重新生成本页，对结果目录执行 <code>tare report</code>；<code>sha256sum --check SHA256SUMS</code> 可以验证证据未被改动。`,
  );
  const body = html`<p>${t(`With tare ${manifest.tare}:`, `使用 tare ${manifest.tare}：`)}</p>
<pre><code>${joined(commandLine(context), CONTINUED)}</code></pre>
<p>${explained}</p>`;
  return { id: 'reproduce', heading: t('Do it again', '重做一次'), body, charts: [] };
}
