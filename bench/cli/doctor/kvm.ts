import { type AcceleratorFacts, kvmRefusal } from '../../../vms/accel.ts';
import { type Finding, ok, warn } from './check.ts';

/** Whether guests run on KVM, told by the same rule that the VM runners follow. Without it VMs still run, emulated. */
export function judgeKvm(facts: AcceleratorFacts): Finding {
  const refusal = kvmRefusal(facts);
  if (refusal) return warn(`${refusal.reason}: VMs run emulated`, refusal.hint);
  const nested = facts.nested ? ', nested in a virtual machine' : '';
  return ok(`/dev/kvm opens (${facts.cpuFeature ?? 'no CPU feature'})${nested}`);
}
