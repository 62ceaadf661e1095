import { type Claim, notMeasured } from './claims.ts';
import { disk } from './disk.ts';
import { startup } from './startup.ts';

const performance: Claim = {
  id: 'performance',
  feature: { en: 'performance', zh: '性能' },
  container: { en: 'near native', zh: '接近原生' },
  vm: { en: 'weaker', zh: '弱于' },
  text: {
    en: 'Programs in a container run at nearly native speed, in a VM slower.',
    zh: '程序在容器中的速度接近原生，在虚拟机中则较慢。',
  },
  decide: notMeasured,
};

const density: Claim = {
  id: 'density',
  feature: { en: 'instances per host', zh: '系统支持量' },
  container: { en: 'thousands of containers', zh: '单机支持上千个容器' },
  vm: { en: 'usually dozens', zh: '一般几十个' },
  text: {
    en: 'One host carries over a thousand containers, but only dozens of VMs.',
    zh: '一台主机能承载上千个容器，虚拟机却只有几十个。',
  },
  decide: notMeasured,
};

/** The rows of the source's table, in its order. */
export const CATALOGUE: readonly Claim[] = [startup, disk, performance, density];
