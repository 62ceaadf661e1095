import { isIPv4 } from 'node:net';
import { codeOf, CommandError } from '../../bench/errors.ts';
import type { Instance } from '../../bench/model/runner.ts';
import { nowNs } from '../../bench/proc/clock.ts';
import { type ContractRule, demand, EXEC_TIMEOUT_MS, leavesNothing, supported, thrownBy } from './subject.ts';

/** What measuring programs, inside and from outside, asks of an instance. */
export const MEASURING_RULES: readonly ContractRule[] = [
  {
    name: 'a program whose start and end are announced keeps its output, and its times are the host’s and its own',
    async check(trial) {
      const { first } = await trial.pair();
      const options = { timeoutMs: EXEC_TIMEOUT_MS };
      const status = await first.timed(['/bin/sh', '-c', 'echo oops >&2; exit 7'], options);
      demand(status.exitCode === 7, `exit 7 came out as ${status.exitCode}`);
      demand(status.stderr.includes('oops'), 'stderr was lost');
      const missing = await thrownBy(() => first.timed(['/no/such/program'], options));
      demand(
        missing instanceof CommandError,
        `a program that cannot be run must throw CommandError, not ${String(missing)}`,
      );
      const beforeNs = nowNs();
      const sleep = await first.timed(['/bin/sleep', '1'], options);
      demand(sleep.exitCode === 0, `sleep ended with ${sleep.exitCode}`);
      demand(sleep.startedNs >= beforeNs, 'it was announced before it was asked for');
      const hostNs = Number(sleep.endedNs - sleep.startedNs);
      demand(sleep.insideNs >= 0.9e9, `a second took ${sleep.insideNs} ns inside`);
      demand(
        hostNs > sleep.insideNs / 2 && hostNs < sleep.insideNs * 2,
        `${sleep.insideNs} ns inside were ${hostNs} ns on the host`,
      );
    },
  },
  {
    name: 'a client outside reaches the application over the instance’s address',
    async check(trial) {
      const options = { timeoutMs: EXEC_TIMEOUT_MS };
      const { first, second } = await trial.pair();
      for (const instance of [first, second]) {
        const { address, placement } = instance;
        demand(address !== null && isIPv4(address), `${address} is no IPv4 address`);
        const ask = ['/usr/bin/redis-cli', '-h', address, '-p', String(placement.port), 'PING'];
        const answer = await instance.client(ask, options);
        demand(answer.stdout === 'PONG\n', `Redis answered ${JSON.stringify(answer.stdout + answer.stderr)}`);
      }
      const missing = await thrownBy(() => first.client(['/no/such/program'], options));
      demand(
        missing instanceof CommandError,
        `a program that cannot be run must throw CommandError, not ${String(missing)}`,
      );
    },
  },
  {
    name: 'what a client takes is gone with the preparation, and without a network there is none',
    alone: true,
    async check(trial) {
      const { runner, run, spec } = trial;
      const { capabilities } = await supported(trial);
      await leavesNothing(trial, async () => {
        await using prepared = await runner.prepare(spec, run);
        await using instance = await prepared.start(run, 9017);
        await instance.client(['/bin/true'], { timeoutMs: EXEC_TIMEOUT_MS });
      });
      if (capabilities.isolation === 'none') return;
      await leavesNothing(trial, async () => {
        await using prepared = await runner.prepare({ ...spec, network: 'none' }, run);
        await using instance = await prepared.start(run, 9018);
        demand(instance.address === null, `without a network it has the address ${instance.address}`);
        const refused = await thrownBy(() => instance.client(['/bin/true'], { timeoutMs: EXEC_TIMEOUT_MS }));
        demand(
          codeOf(refused) === 'NO_NETWORK',
          `a client without a network must fail with NO_NETWORK, not ${String(refused)}`,
        );
      });
    },
  },
  {
    name: 'what was asked for is what is read back, but for designed differences',
    async check(trial) {
      const { capabilities } = await supported(trial);
      const designed = new Set(capabilities.designed.map((difference) => difference.limit));
      const limits = await (await trial.pair()).first.describe();
      demand(limits.accelerator === capabilities.accelerator, 'another accelerator than probed is in use');
      const { cpus, memoryBytes } = trial.spec;
      demand(
        designed.has('cpus') || limits.cpus?.join() === cpus.join(),
        `CPUs ${limits.cpus?.join() ?? 'unknown'} instead of ${cpus.join()}`,
      );
      demand(
        designed.has('memoryBytes') || limits.memoryBytes === memoryBytes,
        `${limits.memoryBytes} bytes of memory instead of ${memoryBytes}`,
      );
    },
  },
  {
    name: 'an instance that is to have other CPUs than the spec’s has them',
    async check(trial) {
      const { capabilities } = await supported(trial);
      if (capabilities.designed.some((difference) => difference.limit === 'cpus')) return;
      const cpus = trial.spec.clientCpus.slice(0, 1);
      const prepared = await trial.prepared();
      await leavesNothing(trial, async () => {
        await using instance = await prepared.start(trial.run, 9019, { cpus });
        const limits = await instance.describe();
        demand(
          limits.cpus?.join() === cpus.join(),
          `CPUs ${limits.cpus?.join() ?? 'unknown'} instead of ${cpus.join()}`,
        );
        demand(limits.vcpus === null || limits.vcpus === cpus.length, `${limits.vcpus} vCPUs for ${cpus.length} CPUs`);
      });
    },
  },
  {
    name: 'the limits hold: a program inside sees its CPUs, and its memory ends where the spec says',
    async check(trial) {
      const { capabilities } = await supported(trial);
      const designed = new Set(capabilities.designed.map((difference) => difference.limit));
      const { cpus, memoryBytes } = trial.spec;
      const { first } = await trial.pair();
      const options = { timeoutMs: EXEC_TIMEOUT_MS };
      const counted = await first.exec(['/usr/bin/nproc'], options);
      demand(counted.exitCode === 0, `nproc inside ended with ${counted.exitCode}: ${counted.stderr.slice(0, 200)}`);
      const seen = counted.stdout.trim().slice(0, 20);
      demand(
        designed.has('cpus') || seen === String(cpus.length),
        `nproc inside says '${seen}' CPUs instead of ${cpus.length}`,
      );
      if (designed.has('memoryBytes')) return;
      // A guest's kernel has no more than the spec's; a container inside a guest is limited as any other is.
      if (capabilities.isolation === 'vm' && (await isWholeGuest(first, memoryBytes))) return;
      const little = await first.exec(holding(memoryBytes / 4), options);
      demand(little.exitCode === 0, `a quarter of the memory cannot be used: ${little.stderr.slice(0, 200)}`);
      const much = await first.exec(holding(memoryBytes * 1.25), options);
      demand(much.exitCode !== 0, `more memory was used than the ${memoryBytes} bytes of the spec`);
    },
  },
];

/** A program that needs so much memory at once: a buffer that it fills. */
function holding(bytes: number): readonly string[] {
  return ['/bin/dd', 'if=/dev/zero', 'of=/dev/null', `bs=${Math.round(bytes)}`, 'count=1', 'status=none'];
}

/** Whether the instance is a guest of its own, with the spec's memory less what its kernel keeps for itself: driven to its end it would answer nobody for a while. */
async function isWholeGuest(instance: Instance, memoryBytes: number): Promise<boolean> {
  const { stdout } = await instance.exec(['/bin/cat', '/proc/meminfo'], { timeoutMs: EXEC_TIMEOUT_MS });
  const total = Number(/^MemTotal: +(\d+) kB$/m.exec(stdout)?.[1]) * 1024;
  demand(total > memoryBytes / 2, `${total} bytes of memory inside instead of ${memoryBytes}`);
  return total <= memoryBytes;
}
