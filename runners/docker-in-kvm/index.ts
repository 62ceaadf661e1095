import { DOCKER_IN_KVM } from '../boxes-in-kvm/engine.ts';
import { boxesInKvm } from '../boxes-in-kvm/runner.ts';

/** Containers of docker inside one warm guest. */
export const dockerInKvm = boxesInKvm(DOCKER_IN_KVM);
