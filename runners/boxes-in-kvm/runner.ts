import {
  defineRunner,
  type DesignedDifference,
  type HostContext,
  type Runner,
  type Support,
} from '../../bench/model/runner.ts';
import { daemonPids } from '../../vms/daemons.ts';
import { shippedBytes } from '../../vms/shipped.ts';
import { GUEST_PROGRAMS, probeGuests } from '../kvm-common/accelerator.ts';
import { sweepDomains } from '../kvm-common/libvirt.ts';
import { bridgeClient } from '../shared/client.ts';
import type { GuestEngine } from './engine.ts';
import { startBox } from './instance.ts';
import { INSTANCES, warmGuest } from './warm.ts';

const DESIGNED: readonly DesignedDifference[] = [
  { limit: 'kernel', why: "the guest's kernel, which all its containers share" },
  { limit: 'cpus', why: 'its containers run on the CPUs that the guest was given, and on no others' },
  { limit: 'emulatorCpus', why: 'the emulator runs on the CPUs that the guest was given, and on no others' },
  { limit: 'apparmor', why: "what the guest's own system applies" },
  { limit: 'hugePages', why: "the guest's own kernel decides for its processes" },
];

/** A full system's disk needs more programs. */
const PROGRAMS = [...GUEST_PROGRAMS, 'sfdisk', 'chroot', 'du'];

async function probe({ id, title }: GuestEngine, host: HostContext): Promise<Support> {
  const as = { kvm: id, tcg: id.replace('-kvm', '-tcg') };
  const support = await probeGuests(host, PROGRAMS, { as, boot: `${title} inside`, designed: DESIGNED });
  if (!support.ok) return support;
  const { capabilities } = support;
  return { ...support, capabilities: { ...capabilities, marks: ['launched', 'api', 'exec', 'ready', 'reachable'] } };
}

/** A runner that starts containers inside one warm guest. */
export function boxesInKvm(engine: GuestEngine): Runner {
  return defineRunner({
    id: engine.id,
    apiVersion: 1,
    options: [INSTANCES],
    probe: (host) => probe(engine, host),
    async prepare(spec, run) {
      await using undo = new AsyncDisposableStack();
      const warm = undo.use(await warmGuest(engine, spec, run)).value;
      const client = undo.use(bridgeClient(spec, run, warm.bridge));
      const disks = Object.entries(warm.disks);
      const owned = undo.move();
      return {
        digest: warm.digest,
        async distribution() {
          const bytes: Record<string, number> = {};
          for (const [name, { folder, path }] of disks) bytes[name] = await shippedBytes(folder, path, run.signal);
          return bytes;
        },
        imagePaths: async () => disks.map(([, { path }]) => path),
        daemons: async () => daemonPids(),
        start: (context, index, options) => startBox(spec, { engine, warm, client }, context, index, options),
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      };
    },
    sweep: (owner, context) => sweepDomains(engine.prefix, owner, context),
  });
}
