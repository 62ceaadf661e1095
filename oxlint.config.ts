import { defineConfig } from 'oxlint';

/**
 * Who may import whom. oxlint replaces a rule as a whole where several overrides match a file, so each folder's entry is
 * built in full from the pieces below; the last match wins.
 */

/** Modules with a single importer. */
const single = {
  execa: { name: 'execa', message: 'Only bench/proc/exec.ts imports execa; use exec() or spawn() from there.' },
  sqlite: { name: 'node:sqlite', message: 'Only bench/history imports node:sqlite.' },
  chart: { name: 'chart.js', message: 'Only reports/html imports chart.js.' },
} as const;

/** `import { env } from 'node:process'` would pass by the rules about process.env and process.exit. */
const processModules = ['node:process', 'process'].map((name) => ({ name, message: 'Use the global process.' }));

type Pattern =
  | { readonly regex: string; readonly message: string }
  | { readonly group: string[]; readonly message: string };

const folders = (names: string, message: string): Pattern => ({ regex: `(^|/)(${names})/`, message });
const nodeModules = (names: string, message: string): Pattern => ({ regex: `^node:(${names})(/|$)`, message });

/** Of bench only these; a name is a file or a folder. */
const ofBenchOnly = (names: readonly string[]): Pattern => ({
  group: ['**/bench/**', ...names.flatMap((name) => [`!**/bench/${name}`, `!**/bench/${name}/**`])],
  message: `From bench only ${names.join(', ')} may be imported here.`,
});

const noTests = folders('test', 'The product does not import its tests.');
const noMain: Pattern = { regex: '(^|/)main\\.ts$', message: 'Nothing imports the entry point.' };
const noCli = folders('cli', 'Only bench/main.ts imports bench/cli.');
const noOuter = folders('runners|vms|reports', 'Inside bench only bench/cli imports runners, vms or reports.');
const noFiles = nodeModules(
  'fs|child_process|net|http|https|dgram|cluster|worker_threads',
  'This folder is pure: no I/O.',
);
const noProcesses = nodeModules('child_process|cluster|worker_threads', 'Reports start no process.');
const ownOnly: Pattern = { regex: '^\\.\\.', message: 'model and errors import nothing of ours.' };
const nothingOfOurs: Pattern = { regex: '^\\.', message: 'model and errors import nothing of ours.' };

const forRunners = ofBenchOnly(['model', 'errors.ts', 'proc', 'image']);
const forReports = ofBenchOnly(['model', 'errors.ts', 'stats', 'verdict']);

/** The import rule of one folder: these patterns, and every single-importer module except the named one. */
function imports(patterns: readonly Pattern[], importerOf?: keyof typeof single) {
  const { [importerOf ?? '']: _, ...others } = single as Record<string, { name: string; message: string }>;
  return {
    'no-restricted-imports': [
      'error',
      { paths: [...Object.values(others), ...processModules], patterns: [...patterns] },
    ],
  } as const;
}

const noExit = { object: 'process', property: 'exit', message: 'Only bench/main.ts ends the process; throw an error.' };
const noEnv = {
  object: 'process',
  property: 'env',
  message: 'Only bench/cli reads the environment; pass what is needed.',
};

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'node', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['node_modules', '.node', '.cache', 'coverage', 'dist', 'runs', 'test/fixtures'],
  rules: {
    'no-console': 'error',
    'no-restricted-properties': ['error', noExit, noEnv],
    'typescript/no-explicit-any': 'error',
    // Every assertion from unknown counts as unsafe for it, also those right after a check.
    'typescript/no-unsafe-type-assertion': 'off',
    // What instances print is hostile; control characters are looked for on purpose.
    'no-control-regex': 'off',
    // `await using _lock` holds a thing that is never named again.
    'no-underscore-dangle': 'off',
    // A helper next to its only use reads better than one at the top of the file.
    'unicorn/consistent-function-scoping': 'off',
    // A spread array keeps an option and its value on one line of an argv.
    'unicorn/no-useless-spread': 'off',
    ...imports([noTests]),
  },
  overrides: [
    { files: ['bench/**'], rules: imports([noOuter, noCli, noMain, noTests]) },
    // A program of its own inside instances: it ends itself, whatever a suite has left running.
    { files: ['bench/workloads/suite/**'], rules: { 'no-restricted-properties': ['error', noEnv] } },
    { files: ['bench/model/**'], rules: imports([ownOnly, noCli]) },
    { files: ['bench/errors.ts'], rules: imports([nothingOfOurs]) },
    { files: ['bench/proc/exec.ts'], rules: imports([noOuter, noCli, noMain, noTests], 'execa') },
    { files: ['bench/history/**'], rules: imports([noOuter, noCli, noMain, noTests], 'sqlite') },
    {
      files: ['bench/stats/**', 'bench/verdict/**', 'bench/plan.ts'],
      rules: imports([noOuter, noCli, noMain, noTests, noFiles]),
    },
    {
      files: ['bench/cli/**'],
      rules: { 'no-console': 'off', 'no-restricted-properties': ['error', noExit], ...imports([noMain, noTests]) },
    },
    {
      files: ['bench/main.ts'],
      rules: { 'no-console': 'off', 'no-restricted-properties': ['error', noEnv], ...imports([noOuter, noTests]) },
    },
    // The package's command begins the entry point once Node is new enough for it.
    { files: ['bench/tare.ts'], rules: { 'no-console': 'off', ...imports([noOuter, noCli, noTests]) } },
    {
      files: ['runners/**'],
      rules: imports([
        forRunners,
        folders('vms|reports', 'Only runners whose boxes have guests import vms; none imports reports.'),
        noTests,
      ]),
    },
    {
      files: ['runners/kvm*/**', 'runners/qemu/**', 'runners/*-in-kvm/**'],
      rules: imports([forRunners, folders('reports', 'No runner imports reports.'), noTests]),
    },
    {
      files: ['vms/**'],
      rules: imports([forRunners, folders('runners|reports', 'vms imports neither runners nor reports.'), noTests]),
    },
    {
      files: ['reports/**'],
      rules: imports([forReports, folders('runners|vms', 'Reports read a bundle alone.'), noProcesses, noTests]),
    },
    {
      files: ['reports/html/**'],
      rules: imports(
        [forReports, folders('runners|vms', 'Reports read a bundle alone.'), noProcesses, noTests],
        'chart',
      ),
    },
    // Packages of their own, which know tare as `tare/runner`; the linter does not, and takes its types for errors.
    {
      files: ['examples/**'],
      rules: {
        'typescript/no-redundant-type-constituents': 'off',
        ...imports([{ regex: '^\\.\\.', message: 'An example is a package of its own: import tare/runner.' }]),
      },
    },
    // Tests may look at anything, start anything, and print.
    {
      files: ['test/**'],
      rules: { 'no-console': 'off', 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
    },
  ],
});
