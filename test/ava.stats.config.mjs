/** Simulations of the statistics: they start nothing, and take a minute, or several in full. */
export default {
  extensions: ['ts'],
  files: ['test/stats/**/*.test.ts'],
  workerThreads: false,
  timeout: '30m',
};
