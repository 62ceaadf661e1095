import test from 'ava';
import { runcInKvm } from '../../runners/runc-in-kvm/index.ts';
import { boxesInOneGuest } from '../helpers/boxes-in-kvm.ts';

boxesInOneGuest(test, runcInKvm);
