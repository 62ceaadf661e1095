import type { OptionValues } from '../../bench/model/runner.ts';
import { mixedCgroups } from '../../runners/crun/probe.ts';
import { hierarchies } from '../../runners/shared/cgroups.ts';

/** Controllers of both versions are in use: crun refuses such a host. */
const MIXED = mixedCgroups(hierarchies()) !== undefined;

/** Emulated, these take half a minute and more for each boot: test/slow holds them to the contract. */
export const SLOW: readonly string[] = ['kvm', 'runc-in-kvm', 'docker-in-kvm'];

/** Options with which a runner is tried on a host where it cannot run with its defaults. */
export const OPTIONS_HERE: Readonly<Record<string, OptionValues>> = MIXED ? { podman: { runtime: 'runc' } } : {};

/** Runners that such a host cannot run at all, and the code by which their probes must say so; test/kvm runs them. */
export const NOT_HERE: Readonly<Record<string, string>> = MIXED ? { crun: 'MIXED_CGROUPS' } : {};
