import test from 'ava';
import { kvmRunner } from '../../runners/kvm/index.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { holdToContract } from '../helpers/contract.ts';

/** Emulated, a whole system takes half a minute for each start: test/slow holds it to the same rules. */
const runners = RUNNERS.filter((runner) => runner !== kvmRunner);

holdToContract(test, runners);
