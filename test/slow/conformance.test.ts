import test from 'ava';
import { RUNNERS } from '../../runners/registry.ts';
import { holdToContract } from '../helpers/contract.ts';
import { SLOW } from '../helpers/here.ts';

holdToContract(
  test,
  RUNNERS.filter(({ id }) => SLOW.includes(id)),
);
