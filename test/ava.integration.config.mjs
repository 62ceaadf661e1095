/**
 * The real thing, on this machine: one file after the other, since every file counts what is left on the host, and in
 * the order of their names, since the last one sweeps.
 */
export default {
  extensions: ['ts'],
  files: ['test/integration/**/*.test.ts'],
  serial: true,
  concurrency: 1,
  workerThreads: false,
  sortTestFiles: (a, b) => (a < b ? -1 : 1),
  timeout: '10m',
};
