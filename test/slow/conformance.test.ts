import test from 'ava';
import { kvmRunner } from '../../runners/kvm/index.ts';
import { holdToContract } from '../helpers/contract.ts';

holdToContract(test, [kvmRunner]);
