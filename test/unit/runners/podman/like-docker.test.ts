import test from 'ava';
import { likeDocker } from '../../../../runners/podman/like-docker.ts';

/** What follows a word, as often as it is there. */
function valuesOf(words: readonly string[], name: string): readonly (string | undefined)[] {
  return words.flatMap((word, at) => (word === name ? [words[at + 1]] : []));
}

test('containers are confined as Docker’s are: its capabilities, our profile, no count of processes', (t) => {
  const words = likeDocker('/x/seccomp.json');
  t.deepEqual(valuesOf(words, '--cap-add'), ['MKNOD,AUDIT_WRITE,NET_RAW']);
  t.true(valuesOf(words, '--security-opt').includes('seccomp=/x/seccomp.json'));
  t.deepEqual(valuesOf(words, '--pids-limit'), ['-1']);
  t.true(valuesOf(words, '--sysctl').includes('net.ipv4.ip_unprivileged_port_start=0'));
  const limits = valuesOf(words, '--ulimit');
  t.true(
    limits.some((limit) => /^nofile=\d+:\d+$/.test(limit ?? '')),
    'open files are always said',
  );
  t.true(limits.includes('nproc=32768:32768'));
});
