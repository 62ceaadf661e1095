import type { DesignedDifference, HostContext, Support } from '../../bench/model/runner.ts';
import { designedDifferences, GUEST_PROGRAMS, probeGuests } from '../kvm-common/accelerator.ts';

/** The longest path of a UNIX socket that the kernel takes, in bytes. */
const SOCKET_PATH_BYTES = 107;
const LONGEST_SOCKET = '/runs/0a1b2c/qemu9999999/agent.sock';

const PROGRAMS = [...GUEST_PROGRAMS, 'taskset'] as const;

/** Nothing but QEMU confines QEMU here: libvirt has a profile, a mount namespace and a device cgroup for it. */
const APPARMOR: DesignedDifference = {
  limit: 'apparmor',
  why: "no profile of the host confines the emulator: it gives up root's rights once it has opened its devices, and filters its own system calls",
};

function designed(): readonly DesignedDifference[] {
  const others = designedDifferences('booted directly with an initial file tree of ours');
  return others.map((difference) => (difference.limit === 'apparmor' ? APPARMOR : difference));
}

/** Says what guests of QEMU alone would run on here, or what keeps them from running. Changes nothing, and asks no libvirt. */
export async function probe(host: HostContext): Promise<Support> {
  if (Buffer.byteLength(host.stateDir) + LONGEST_SOCKET.length > SOCKET_PATH_BYTES) {
    const reason = `sockets below ${host.stateDir} would have longer paths than the ${SOCKET_PATH_BYTES} bytes that are possible`;
    return { ok: false, code: 'STATE_UNREACHABLE', reason, hint: 'use another folder with --state' };
  }
  return await probeGuests(host, PROGRAMS, {
    manager: 'qemu',
    as: { kvm: 'qemu', tcg: 'tcg-qemu' },
    boot: 'direct boot',
    designed: designed(),
  });
}
