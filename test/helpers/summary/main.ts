/** Runs the named stages one after the other, says each one's name and time, and ends with the counts of all. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { STAGES, type Stage } from './stages.ts';
import { add, closingLine, type Counts, countTap, defectOf, NONE } from './tap.ts';

const ROOT = join(import.meta.dirname, '../../..');

interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

interface Outcome {
  readonly ok: boolean;
  readonly counts: Counts;
}

/** How much of a failure is said again at the end, where it is found without searching. */
const SAID_AGAIN_LINES = 20;

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Starts a program of the project or of the host; stdout is inherited, or a pipe where it is read. */
function start(argv: readonly string[], stdout: 'inherit' | 'pipe') {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    cwd: ROOT,
    stdio: ['ignore', stdout, 'inherit'],
    env: { ...process.env, PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter) },
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('error', (error) => {
      print(`${program} could not be started: ${error.message}`);
      resolve({ exitCode: 127, signal: null });
    });
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  return { stdout: child.stdout, ended };
}

async function runStage(stage: Stage, report: (line: string) => void): Promise<Outcome> {
  if (stage.kind === 'check') {
    let ok = true;
    for (const argv of stage.commands) ok = (await start(argv, 'inherit').ended).exitCode === 0 && ok;
    return { ok, counts: NONE };
  }
  if (!existsSync(join(ROOT, stage.folder))) {
    report(`  there is no ${stage.folder} yet`);
    return { ok: true, counts: NONE };
  }
  const ava = start(['ava', '--tap', ...stage.ava], 'pipe');
  const [counts, ended] = await Promise.all([ava.stdout === null ? NONE : countTap(ava.stdout, report), ava.ended]);
  const defect = defectOf(counts, ended);
  if (defect === undefined) return { ok: counts.failed === 0, counts };
  report(`  FAIL ${defect}`);
  return { ok: false, counts: add(counts, { ...NONE, failed: 1 }) };
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in STAGES));
if (names.length === 0 || unknown.length > 0) {
  print(`usage: main.ts STAGE...; the stages are ${Object.keys(STAGES).join(', ')}`);
  process.exitCode = 2;
} else {
  let total = NONE;
  const broken: string[] = [];
  const failures: string[] = [];
  const carryOut = async (name: string, stage: Stage, report: (line: string) => void) => {
    const startedMs = performance.now();
    const { ok, counts } = await runStage(stage, (text) => {
      if (text.startsWith('  FAIL ')) failures.push(text.split('\n').slice(0, SAID_AGAIN_LINES).join('\n'));
      report(text);
    });
    total = add(total, counts);
    if (!ok) broken.push(name);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    const result = stage.kind === 'tests' ? closingLine(counts).replaceAll(',', ' ·') : '';
    report(`== ${name}: ${ok ? 'ok' : 'FAILED'} after ${seconds} s ${result}`.trimEnd());
  };
  const beside: (() => Promise<void>)[] = [];
  for (const [at, name] of names.entries()) {
    const stage = STAGES[name];
    if (stage === undefined) continue;
    if (stage.kind === 'tests' && stage.beside === true && at < names.length - 1) {
      print(`== ${name}: goes on beside what follows`);
      const lines: string[] = [`== ${name}`];
      const ended = carryOut(name, stage, (line) => lines.push(line));
      beside.push(() => ended.then(() => lines.forEach(print)));
      continue;
    }
    print(`== ${name}`);
    await carryOut(name, stage, print);
  }
  for (const end of beside) await end();
  if (broken.length > 0) {
    if (failures.length > 0) print('== what failed');
    failures.forEach(print);
    print(`failed: ${broken.join(', ')}`);
    process.exitCode = 1;
  }
  if (names.some((name) => STAGES[name]?.kind === 'tests')) print(closingLine(total));
}
