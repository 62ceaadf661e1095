import { RUNC_IN_KVM } from '../boxes-in-kvm/engine.ts';
import { boxesInKvm } from '../boxes-in-kvm/runner.ts';

/** Containers of runc inside one warm guest. */
export const runcInKvm = boxesInKvm(RUNC_IN_KVM);
