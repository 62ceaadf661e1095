/** The rendered report in a real browser. */
export default {
  extensions: ['ts'],
  files: ['test/browser/**/*.test.ts'],
  serial: true,
  concurrency: 1,
  workerThreads: false,
  timeout: '5m',
};
