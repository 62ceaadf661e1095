/** What `make test` consists of: checks (commands that must end with 0) and test suites (AVA, counted). */
export type Stage =
  | { readonly kind: 'check'; readonly commands: readonly (readonly string[])[] }
  | {
      readonly kind: 'tests';
      readonly folder: string;
      readonly ava: readonly string[];
      /** Where stages follow, it goes on beside them, and says at the end how it ended: a machine of its own that is mostly waited for. */
      readonly beside?: true;
    };

const SHELL_SCRIPTS = [
  '.ci/run',
  'test/kvm/inside.sh',
  'bench/setup/with-node',
  ...['common', 'down', 'node', 'packages', 'plan', 'services', 'setup'].map((name) => `bench/setup/${name}.sh`),
];

export const STAGES: Readonly<Record<string, Stage>> = {
  image: { kind: 'check', commands: [[process.execPath, 'bench/main.ts', 'image', 'build']] },
  kvm: { kind: 'tests', folder: 'test/kvm', ava: ['--config', 'test/ava.kvm.config.mjs'], beside: true },
  lint: {
    kind: 'check',
    commands: [
      ['oxlint', '--deny-warnings'],
      ['shellcheck', ...SHELL_SCRIPTS],
    ],
  },
  types: { kind: 'check', commands: [['tsc'], ['tsc', '--project', 'examples']] },
  format: { kind: 'check', commands: [['biome', 'format']] },
  unit: { kind: 'tests', folder: 'test/unit', ava: [] },
  stats: { kind: 'tests', folder: 'test/stats', ava: ['--config', 'test/ava.stats.config.mjs'] },
  'stats-full': { kind: 'tests', folder: 'test/stats', ava: ['--config', 'test/ava.stats.config.mjs', '--', 'full'] },
  browser: { kind: 'tests', folder: 'test/browser', ava: ['--config', 'test/ava.browser.config.mjs'] },
  integration: {
    kind: 'tests',
    folder: 'test/integration',
    ava: ['--config', 'test/ava.integration.config.mjs'],
  },
  slow: { kind: 'tests', folder: 'test/slow', ava: ['--config', 'test/ava.slow.config.mjs'] },
  'kvm-full': { kind: 'tests', folder: 'test/kvm', ava: ['--config', 'test/ava.kvm.config.mjs', '--', 'full'] },
};
