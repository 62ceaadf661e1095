import type { RunnerOption } from '../../bench/model/runner.ts';

/** How gVisor's kernel gets hold of a program's system calls. */
export const PLATFORM: RunnerOption = {
  name: 'platform',
  what: 'how gVisor catches system calls; default: as its version does without a word',
  values: ['default', 'systrap', 'ptrace', 'kvm'],
  default: 'default',
};
