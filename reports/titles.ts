import { RULE_NAMES } from '../bench/verdict/density.ts';
import type { Lang } from './words.ts';

/** What experiments, programs and runners call their things in English, and the same in Chinese. */

/** Parts of a title stand between commas; each is translated on its own. */
const PARTS: Readonly<Record<string, string>> = {
  // startup
  'last launch command returned': '最后一条启动命令返回',
  'first byte on the serial console': '串口控制台的第一个字节',
  "first instruction of the guest's init": '客户机 init 的第一条指令',
  'first instruction of the entry point': '入口程序的第一条指令',
  'first valid answer of the application': '应用的第一个有效应答',
  'first valid answer over the network': '经网络得到的第一个有效应答',
  'CPU time of the start': '启动所用的 CPU 时间',
  'daemons included': '含守护进程',
  'asked to end until gone': '从要求结束到完全消失',
  'killed until gone': '从强制结束到完全消失',
  'round trip of the mark channel': '标记通道的往返时间',
  'injected before the launch': '启动之前注入',
  // disk
  'compressed bytes to ship': '分发所需的压缩字节数',
  'allocated for the first instance': '第一个实例占用的空间',
  'without its own data': '不含其自身数据',
  'added by each further instance': '每多一个实例增加的空间',
  'when ready': '就绪时',
  'after a fixed data set was saved': '保存固定数据集之后',
  // throughput
  'GET requests': 'GET 请求',
  'SET requests': 'SET 请求',
  GET: 'GET',
  '99th percentile': '第 99 百分位数',
  'gets and sets': '读写请求',
  'client inside': '客户端在实例内',
  'client over the bridge': '客户端经网桥',
  'searches for prime numbers': '搜索素数',
  'writing memory in sequence': '顺序写内存',
  'reading memory in sequence': '顺序读内存',
  'sched_yield calls of one thread': '单线程的 sched_yield 调用',
  'turns of two threads at one mutex': '两个线程轮流取得一把互斥锁',
  'random reads of 4 KiB': '4 KiB 随机读',
  'sequential reads of 1 MiB': '1 MiB 顺序读',
  'random writes of 4 KiB': '4 KiB 随机写',
  'JSON parse': 'JSON 解析',
  'JSON stringify': 'JSON 序列化',
  'SHA-256': 'SHA-256',
  gzip: 'gzip 压缩',
  zstd: 'zstd 压缩',
  sort: '排序',
  file: '文件读写',
  pipe: '管道读写',
  // density
  'instances alive at the last step that passed every rule': '在最后一个满足全部规则的阶段仍在应答的实例数',
  "host's memory that each further instance takes": '每多一个实例占用的主机内存',
  "instances that the host's memory would hold by that": '按此推算主机内存能容纳的实例数',
  'never started': '并未启动',
  idle: '空闲',
  loaded: '有负载',
  // runners
  'native (chroot)': '原生（chroot）',
  'namespaces (util-linux)': '命名空间（util-linux）',
  runc: 'runc',
  crun: 'crun',
  gVisor: 'gVisor',
  LXC: 'LXC',
  Docker: 'Docker',
  Podman: 'Podman',
  'systemd-nspawn': 'systemd-nspawn',
  KVM: 'KVM',
  nested: '嵌套',
  baseline: '基准',
  'QEMU TCG (emulated': 'QEMU TCG（仿真',
  'not KVM)': '非 KVM）',
  'direct boot': '直接引导',
  'full system': '完整系统',
  UEFI: 'UEFI',
  "the harness's own cost": '测试程序自身的开销',
};

/** Whether every part of a title has a translation. */
export function isTranslated(title: string): boolean {
  return title.split(', ').every((part) => part in PARTS);
}

/** A title in a language; what is not known, such as a user's own program, stays as it is. */
export function titleIn(lang: Lang, title: string): string {
  if (lang === 'en' || !isTranslated(title)) return title;
  return title
    .split(', ')
    .map((part) => PARTS[part] ?? part)
    .join('，');
}

/** Rules that end a ramp. */
const RULES: Readonly<Record<string, string>> = {
  ...RULE_NAMES,
  time: '时间用完',
  ceiling: '预定上限',
  'no rule': '无规则',
};

export function ruleIn(lang: Lang, rule: string): string {
  return lang === 'zh' ? (RULES[rule] ?? rule) : rule;
}

/** Why a number of blocks is what it is. */
const REASONS: Readonly<Record<string, string>> = {
  budget: '时间预算',
  precision: '目标精度',
  minimum: '最少区组数',
  profile: '配置档',
};

export function reasonIn(lang: Lang, reason: string): string {
  return lang === 'zh' ? (REASONS[reason] ?? reason) : reason;
}

/** Experiments by their ids, as headings. */
const EXPERIMENTS: Readonly<Record<string, Readonly<Record<Lang, string>>>> = {
  startup: { en: 'Startup', zh: '启动' },
  cold: { en: 'Startup, cold', zh: '冷启动' },
  disk: { en: 'Disk', zh: '硬盘' },
  throughput: { en: 'Throughput', zh: '吞吐量' },
  density: { en: 'Density', zh: '密度' },
  aa: { en: 'Like with like', zh: '与自身比较' },
  inject: { en: 'Injected slowdowns', zh: '注入的减速' },
};

/** An experiment's name as a heading. */
export function experimentIn(lang: Lang, id: string): string {
  return EXPERIMENTS[id]?.[lang] ?? `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`;
}

/** Kinds of boxes. */
const ISOLATIONS: Readonly<Record<string, string>> = {
  none: '无隔离',
  container: '容器',
  sandbox: '沙箱',
  vm: '虚拟机',
};

export function isolationIn(lang: Lang, isolation: string): string {
  return lang === 'zh' ? (ISOLATIONS[isolation] ?? isolation) : isolation;
}
