/** A host with KVM, emulated: one boot, then tests on what it left. */
export default {
  extensions: ['ts'],
  files: ['test/kvm/**/*.test.ts'],
  serial: true,
  concurrency: 1,
  workerThreads: false,
  timeout: '6h',
};
