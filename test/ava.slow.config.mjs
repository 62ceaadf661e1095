/** What takes too long for every submission: whole systems, which boot in half a minute where they are emulated. */
export default {
  extensions: ['ts'],
  files: ['test/slow/**/*.test.ts'],
  serial: true,
  concurrency: 1,
  workerThreads: false,
  timeout: '15m',
};
