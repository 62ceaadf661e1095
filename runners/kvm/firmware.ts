import { join } from 'node:path';
import { UnsupportedError } from '../../bench/errors.ts';
import type { OptionValues, RunnerOption, Support } from '../../bench/model/runner.ts';
import type { Boot } from '../../vms/domain-xml.ts';
import { type Firmware, missingFile, OVMF, ovmfIdentity } from '../../vms/firmware.ts';
import type { GuestPlan } from '../kvm-common/kind.ts';
import { optionOf } from '../shared/options.ts';

export const FIRMWARE: RunnerOption = {
  name: 'firmware',
  what: "what the guest's machine begins with: QEMU's BIOS, or UEFI",
  values: ['seabios', 'ovmf'],
  default: 'seabios',
};

export function firmwareOf(context: { readonly options?: OptionValues }): Firmware {
  return optionOf(context, FIRMWARE) === 'ovmf' ? 'ovmf' : 'seabios';
}

/** Why this firmware cannot be had here; undefined where it can. */
export function firmwareRefusal(firmware: Firmware): Extract<Support, { ok: false }> | undefined {
  const path = missingFile(firmware);
  if (path === undefined) return undefined;
  const hint = `install it with: apt-get install ${OVMF.package}`;
  return { ok: false, code: 'TOOL_MISSING', reason: `UEFI for guests is not installed: there is no ${path}`, hint };
}

/** How guests of one preparation begin. */
export interface FirmwareChoice {
  readonly firmware: Firmware;
  /** What of it decides how a guest starts, beside the emulator's own files. */
  readonly identity: readonly unknown[];
  /** The boot of one guest from its disk, with variables of the firmware's of its own where the firmware keeps any. */
  readonly boot: (plan: GuestPlan) => Boot;
}

/** The firmware that is asked for. @throws UnsupportedError `TOOL_MISSING`. */
export async function chooseFirmware(context: { readonly options?: OptionValues }): Promise<FirmwareChoice> {
  const firmware = firmwareOf(context);
  if (firmware === 'seabios') return { firmware, identity: [], boot: () => ({ from: 'disk' }) };
  const refusal = firmwareRefusal(firmware);
  if (refusal) throw new UnsupportedError(refusal.code, refusal.reason, { hint: refusal.hint });
  const { code, template } = OVMF;
  return {
    firmware,
    identity: [firmware, await ovmfIdentity()],
    boot: ({ folder }) => ({ from: 'disk', flash: { code, template, variables: join(folder, 'variables.fd') } }),
  };
}
