import type { HostContext, Support } from '../../bench/model/runner.ts';
import { firmwareVersion } from '../../vms/firmware.ts';
import { ESP_PROGRAMS } from '../../vms/system/esp.ts';
import { designedDifferences, GUEST_PROGRAMS, probeGuests } from '../kvm-common/accelerator.ts';
import { firmwareOf, firmwareRefusal } from './firmware.ts';

/** A full system's disk needs more programs; `genisoimage` is needed only with an image of somebody else's. */
const PROGRAMS = [...GUEST_PROGRAMS, 'sfdisk', 'chroot', 'du'] as const;

/** Says what full guests would run on here, or what keeps them from running. Changes nothing. */
export async function probe(host: HostContext): Promise<Support> {
  const firmware = firmwareOf(host);
  const uefi = firmware === 'ovmf';
  const support = await probeGuests(host, [...PROGRAMS, ...(uefi ? ESP_PROGRAMS : [])], {
    as: { kvm: 'kvm', tcg: 'tcg-system' },
    boot: uefi ? 'full system, UEFI' : 'full system',
    designed: designedDifferences('booted from its own disk by firmware, boot loader and systemd'),
  });
  if (!support.ok) return support;
  const refusal = firmwareRefusal(firmware);
  if (refusal) return refusal;
  return { ...support, versions: { ...support.versions, ...(await firmwareVersion(firmware, host.signal)) } };
}
