/**
 * Runs a tinybench suite and prints one JSON document; works alone, on the host and in every instance alike:
 *
 *     node run.ts [--names] [--time MS] [--data FOLDER] SUITE
 *
 * `--names` prints the tasks' names and runs none of them. `--time` bounds each task (milliseconds, half as long before to
 * warm up). A suite writes to the current folder, which is FOLDER. Ends with 1 and one line of reason on stderr.
 */
import { readFileSync } from 'node:fs';
import { isBuiltin, registerHooks } from 'node:module';
import { extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench, bounds } from './bounded.ts';

/** Samples of one task that are printed at most. */
const MOST_SAMPLES = 40;
const MOST_TASKS = 50;
const NS_PER_MS = 1e6;
/** Beside this file, and compiled where this one is. */
const BOUNDED = new URL(`bounded${extname(import.meta.url)}`, import.meta.url).href;

const { values, positionals } = parseArgs({
  options: { names: { type: 'boolean' }, time: { type: 'string' }, data: { type: 'string' } },
  allowPositionals: true,
});

/** What the reason is about. */
let where = '';

/** What a suite prints is not our document. */
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

/** A suite finds tinybench wherever it lies, and nothing that an instance would not have. */
function bindImports(suite: string): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (context.parentURL !== suite) return next(specifier, context);
      if (specifier === 'tinybench') return { url: BOUNDED, shortCircuit: true };
      if (isBuiltin(specifier)) return next(specifier, context);
      throw new TypeError(`it imports "${specifier}": only tinybench and Node's own modules are there`);
    },
  });
}

async function benchOf(suite: string): Promise<Bench> {
  bindImports(suite);
  const { default: made } = (await import(suite)) as { default?: unknown };
  const bench: unknown = await (typeof made === 'function' ? (made as () => unknown)() : made);
  if (!(bench instanceof Bench)) {
    throw new TypeError('its default export is neither a Bench of tinybench nor a function that returns one');
  }
  if (bench.tasks.length === 0) throw new RangeError('its Bench has no task');
  if (bench.tasks.length > MOST_TASKS) throw new RangeError(`its Bench has more than ${MOST_TASKS} tasks`);
  return bench;
}

/** At most `MOST_SAMPLES` of sorted samples, evenly: the one in the middle of each part. */
function thinned(samples: readonly number[]): readonly number[] {
  if (samples.length <= MOST_SAMPLES) return samples;
  const step = samples.length / MOST_SAMPLES;
  return Array.from({ length: MOST_SAMPLES }, (_, part) => samples[Math.floor((part + 0.5) * step)] ?? Number.NaN);
}

function resultOf({ name, result }: Bench['tasks'][number]) {
  if (result.state !== 'completed') throw new RangeError(`task "${name}" is ${result.state}, not completed`);
  const { samples, mean } = result.latency;
  if (!samples?.every((sample) => Number.isFinite(sample) && sample > 0)) {
    throw new RangeError(`task "${name}" took no time by this clock: let one run of it do more`);
  }
  return {
    name,
    /** How many there were before they were thinned. */
    samplesCount: samples.length,
    meanNs: Number((mean * NS_PER_MS).toPrecision(8)),
    /** Ascending, as tinybench keeps them. */
    samplesNs: thinned(samples).map((sample) => Number((sample * NS_PER_MS).toPrecision(8))),
  };
}

function tinybenchVersion(): string {
  const file = new URL('../package.json', import.meta.resolve('tinybench'));
  return (JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as { version: string }).version;
}

async function main(): Promise<unknown> {
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new TypeError('give one suite');
  const suite = pathToFileURL(resolve(file)).href;
  bounds.namesOnly = values.names === true;
  bounds.timeMs = Number(values.time ?? bounds.timeMs);
  if (!(bounds.timeMs > 0)) throw new RangeError('--time takes milliseconds');
  if (values.data !== undefined) process.chdir(values.data);
  const bench = await benchOf(suite);
  if (bounds.namesOnly) return { schema: 1, names: bench.tasks.map(({ name }) => name) };
  bench.addEventListener('error', ({ task }) => (where = `task "${task.name}": `));
  const tasks = await bench.run();
  return {
    schema: 1,
    node: process.versions.node,
    tinybench: tinybenchVersion(),
    timeMs: bounds.timeMs,
    tasks: tasks.map(resultOf),
  };
}

/** The first line of what an error says; for TypeScript that cannot be read, the line in the suite too. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const line = error instanceof SyntaxError ? /^\S+:(\d+)\n/.exec(error.stack ?? '')?.[1] : undefined;
  return `${line === undefined ? '' : `line ${line}: `}${error.message.split('\n', 1)[0]}`;
}

/** Ends at once, here as after the document: a suite may leave timers and children behind. */
function fail(error: unknown): void {
  process.stderr.write(`suite: ${where}${reasonOf(error)}\n`, () => process.exit(1));
}

/** Nothing left to wait for, and no result. */
const UNSETTLED = 13;

process.on('uncaughtException', fail);
process.on('exit', (code) => {
  if (code === UNSETTLED) process.stderr.write('suite: it waits for something that never comes\n');
});
try {
  const document = await main();
  print(`${JSON.stringify(document)}\n`, () => process.exit(0));
} catch (error) {
  fail(error);
}
