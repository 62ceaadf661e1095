import { type AcceleratorFacts, closedToGuests, kvmRefusal } from '../../../vms/accel.ts';
import { type Finding, ok, warn } from './check.ts';

const SLOW = 'libvirt examines QEMU anew at every call, about a minute for each start';

/**
 * Whether guests run on KVM, told by the same rule that the VM runners follow. Without it VMs still run, emulated.
 * @param closedTo libvirt's user, where it cannot open the device that is there.
 */
export function judgeKvm(facts: AcceleratorFacts, closedTo?: string): Finding {
  const refusal = kvmRefusal(facts);
  if (closedTo !== undefined) {
    const { reason, hint } = closedToGuests(closedTo);
    return warn(`${refusal ? `${refusal.reason}; ` : ''}${reason}: VMs run emulated, and ${SLOW}`, hint);
  }
  if (refusal) return warn(`${refusal.reason}: VMs run emulated`, refusal.hint);
  const nested = facts.nested ? ', nested in a virtual machine' : '';
  return ok(`/dev/kvm opens (${facts.cpuFeature ?? 'no CPU feature'})${nested}`);
}
