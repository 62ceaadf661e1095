import type { EffectiveLimits } from '../../bench/model/runner.ts';
import { parseCpuList } from '../shared/describe.ts';

/** One named answer out of what came from a guest; null where it does not have the form that it must have. */
function answer(text: string, name: string, form: RegExp): string | null {
  const [, value = ''] = new RegExp(`^${name}[ \\t]+(.*)$`, 'm').exec(text) ?? [];
  return form.exec(value.trim())?.[1] ?? null;
}

function count(text: string | null): number | null {
  return text === null ? null : Number(text);
}

/** The guest's own CPUs by their numbers in it; null where it does not have the form that it must have. */
export function readCpus(text: string): readonly number[] | null {
  return parseCpuList(answer(text, 'cpus', /^(\d{1,4}(?:[,-]\d{1,4}){0,31})$/) ?? '');
}

/** Host CPUs of a container: those that the guest's CPUs which it may use are pinned to. @param vcpuPins by the guest's CPU. */
export function hostCpus(inside: readonly number[] | null, vcpuPins: readonly number[]): readonly number[] | null {
  const cpus = inside?.map((vcpu) => vcpuPins[vcpu]);
  return cpus?.every((cpu) => cpu !== undefined) ? cpus : null;
}

/** What `describe` of vms/guest/boxes.sh prints: the part of the limits that the container has of its own. */
export function readDescription(
  text: string,
): Pick<EffectiveLimits, 'memoryBytes' | 'swapBytes' | 'seccomp' | 'capabilities' | 'apparmor'> {
  return {
    memoryBytes: count(answer(text, 'memory', /^(\d{1,15})$/)),
    swapBytes: count(answer(text, 'swap', /^(\d{1,15})$/)),
    seccomp: count(answer(text, 'seccomp', /^([012])$/)),
    capabilities: answer(text, 'capabilities', /^([0-9a-f]{16})$/),
    apparmor: answer(text, 'apparmor', /^([\w./-]{1,128})(?: \(\w+\))?$/),
  };
}
