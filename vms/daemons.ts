import { readdirSync, readFileSync } from 'node:fs';

/** Programs that work for a guest's start outside of its own process; modular libvirt has one for each part. */
const NAMES = new Set([
  'libvirtd',
  'virtqemud',
  'virtlogd',
  'virtlockd',
  'virtnetworkd',
  'virtstoraged',
  'virtnodedevd',
]);

/** Pids of libvirt's daemons that run now. */
export function daemonPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return NAMES.has(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
      } catch {
        return false;
      }
    })
    .map(Number);
}
