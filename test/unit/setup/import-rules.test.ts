import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const ROOT = join(import.meta.dirname, '../../..');

const IMPORT = 'eslint(no-restricted-imports)';
const PROPERTY = 'eslint(no-restricted-properties)';
const CONSOLE = 'eslint(no-console)';

const uses = (specifier: string) => `import * as it from '${specifier}';\nexport default it;\n`;

/** One line a rule: what it is about, the file, its text, and the rule that must fire; null where it is allowed. */
const CASES: readonly (readonly [title: string, file: string, text: string, rule: string | null])[] = [
  ['the model imports nothing of ours', 'bench/model/a.ts', uses('../stats/sign.ts'), IMPORT],
  ['the model may import itself', 'bench/model/b.ts', uses('./mark.ts'), null],
  ['errors.ts imports nothing of ours', 'bench/errors.ts', uses('./model/mark.ts'), IMPORT],
  ['the engine imports no runner', 'bench/execute.ts', uses('../runners/registry.ts'), IMPORT],
  ['a folder of the engine imports no runner', 'bench/host/a.ts', uses('../../runners/runc/index.ts'), IMPORT],
  ['the engine imports no vms', 'bench/image/a.ts', uses('../../vms/disk.ts'), IMPORT],
  ['the engine imports no report', 'bench/journal/a.ts', uses('../../reports/csv.ts'), IMPORT],
  [
    'a type counts as an import',
    'bench/host/b.ts',
    "import type { A } from '../../runners/a.ts';\nexport type B = A;\n",
    IMPORT,
  ],
  [
    'an import() counts as an import',
    'bench/host/c.ts',
    "export default await import('../../runners/a.ts');\n",
    IMPORT,
  ],
  ['a re-export counts as an import', 'bench/host/d.ts', "export * from '../../vms/disk.ts';\n", IMPORT],
  ['the engine does not import the command line', 'bench/experiments/a.ts', uses('../cli/run.ts'), IMPORT],
  ['the product does not import its tests', 'bench/experiments/b.ts', uses('../../test/helpers/a.ts'), IMPORT],
  ['the command line imports runners', 'bench/cli/a.ts', uses('../../runners/registry.ts'), null],
  ['the reaper itself imports no runner', 'bench/proc/reaper.ts', uses('../../runners/registry.ts'), IMPORT],
  ['main.ts imports the command line', 'bench/main.ts', uses('./cli/program.ts'), null],
  ['a runner imports proc', 'runners/runc/a.ts', uses('../../bench/proc/exec.ts'), null],
  ['a runner imports errors', 'runners/runc/b.ts', uses('../../bench/errors.ts'), null],
  ['a runner imports no experiment', 'runners/runc/c.ts', uses('../../bench/experiments/startup.ts'), IMPORT],
  ['a runner imports no plan', 'runners/runc/d.ts', uses('../../bench/plan.ts'), IMPORT],
  ['only the kvm runners import vms', 'runners/runc/e.ts', uses('../../vms/disk.ts'), IMPORT],
  ['the kvm runners import vms', 'runners/kvm-direct/a.ts', uses('../../vms/disk.ts'), null],
  ['the runner without libvirt imports vms', 'runners/qemu/a.ts', uses('../../vms/disk.ts'), null],
  ['runners of boxes in guests import vms', 'runners/runc-in-kvm/a.ts', uses('../../vms/disk.ts'), null],
  ['the kvm runners import no report', 'runners/kvm-direct/b.ts', uses('../../reports/csv.ts'), IMPORT],
  ['vms imports no runner', 'vms/a.ts', uses('../runners/registry.ts'), IMPORT],
  ['vms imports no plan', 'vms/b.ts', uses('../bench/plan.ts'), IMPORT],
  ['vms imports the image', 'vms/c.ts', uses('../bench/image/store.ts'), null],
  ['a report imports the statistics', 'reports/a.ts', uses('../bench/stats/sign.ts'), null],
  ['a report runs no command', 'reports/b.ts', uses('../bench/proc/exec.ts'), IMPORT],
  ['a report starts no process', 'reports/c.ts', uses('node:child_process'), IMPORT],
  ['the statistics read no file', 'bench/stats/a.ts', uses('node:fs/promises'), IMPORT],
  ['only exec.ts imports execa', 'bench/proc/a.ts', uses('execa'), IMPORT],
  ['a runner does not import execa', 'runners/runc/f.ts', uses('execa'), IMPORT],
  ['exec.ts imports execa', 'bench/proc/exec.ts', uses('execa'), null],
  ['only the history imports sqlite', 'bench/journal/b.ts', uses('node:sqlite'), IMPORT],
  ['the history imports sqlite', 'bench/history/a.ts', uses('node:sqlite'), null],
  ['only the HTML report imports chart.js', 'reports/d.ts', uses('chart.js'), IMPORT],
  ['the HTML report imports chart.js', 'reports/html/a.ts', uses('chart.js'), null],
  ['the engine does not read the environment', 'bench/host/e.ts', 'export default process.env.HOME;\n', PROPERTY],
  ['nor by taking it apart', 'bench/host/f.ts', 'export const { env } = process;\n', PROPERTY],
  ['nor by the module', 'bench/host/g.ts', uses('node:process'), IMPORT],
  ['a runner does not read the environment', 'runners/runc/g.ts', 'export default process.env.HOME;\n', PROPERTY],
  ['the command line reads the environment', 'bench/cli/b.ts', 'export default process.env.HOME;\n', null],
  ['only main.ts ends the process', 'bench/cli/c.ts', 'process.exit(1);\n', PROPERTY],
  ['a runner does not end the process', 'runners/runc/h.ts', 'process.exit(1);\n', PROPERTY],
  ['a runner does not print', 'runners/runc/i.ts', "console.log('a');\n", CONSOLE],
  ['a report gives text back and does not print', 'reports/e.ts', "console.log('a');\n", CONSOLE],
  ['an example imports what a package may', 'examples/a/a.js', uses('tare/runner'), null],
  ['an example imports nothing of the tree around it', 'examples/a/b.js', uses('../../runners/api.ts'), IMPORT],
  ['the command line prints', 'bench/cli/d.ts', "console.log('a');\n", null],
];

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
}

/** The rules that fired, by file; the linter runs once over all the cases. */
async function lint(): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'tare-lint-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const name of ['oxlint.config.ts', 'package.json', 'tsconfig.json'])
      await cp(join(ROOT, name), join(folder, name));
    for (const [, file, text] of CASES) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    const argv = [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--format', 'json'];
    const run = promisify(execFile)(process.execPath, argv, { cwd: folder });
    const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
    const { diagnostics }: { readonly diagnostics: readonly Diagnostic[] } = JSON.parse(stdout);
    return new Map(CASES.map(([, file]) => [file, diagnostics.filter((d) => d.filename === file).map((d) => d.code)]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

let fired: ReadonlyMap<string, readonly string[]>;
test.before(async () => {
  fired = await lint();
});

for (const [title, file, , rule] of CASES) {
  test(`lint: ${title}`, (t) => {
    const all = [IMPORT, PROPERTY, CONSOLE];
    t.deepEqual(
      [...new Set(fired.get(file))].filter((code) => all.includes(code)),
      rule === null ? [] : [rule],
    );
  });
}
