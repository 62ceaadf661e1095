import test from 'ava';
import { dockerInKvm } from '../../runners/docker-in-kvm/index.ts';
import { boxesInOneGuest } from '../helpers/boxes-in-kvm.ts';

boxesInOneGuest(test, dockerInKvm);
