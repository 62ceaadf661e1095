import type { Lang } from './words.ts';

/** What guards say, what ended a ramp, and why a runner differs by design. Such messages are evidence and stand in the journal in English; here the same is told in Chinese. */

const NAMES: Readonly<Record<string, string>> = {
  throttling: '过热降频',
  steal: '虚拟化层占用',
  swap: '换页',
  'memory-pressure': '内存压力',
  frequency: '频率策略',
  others: '其他进程',
  clock: '时钟',
  'ramp-pressure': '内存压力',
  'ramp-limit-idle': '内核限制（空闲）',
  'ramp-limit-loaded': '内核限制（有负载）',
};

/** Each message's form, and what it says; `$1` and so on are its parts. */
const READINGS: readonly (readonly [form: RegExp, chinese: string])[] = [
  [/^not readable$/, '无法读取'],
  [/^none$/, '无'],
  [/^within (\S+)$/, '在 $1 之内'],
  [/^a CPU was throttled (\d+) times for its temperature$/, '有 CPU 因过热被降频 $1 次'],
  [/^no CPU was throttled$/, '没有 CPU 被降频'],
  [/^this host keeps no counters of thermal throttling$/, '本机没有过热降频的计数器'],
  [/^the hypervisor took (\S+) of the host's CPU time$/, '虚拟化层占用了主机 CPU 时间的 $1'],
  [/^(\d+) pages were swapped$/, '换页 $1 页'],
  [/^no page was swapped$/, '没有换页'],
  [/^all tasks waited for memory (\S+) of the time$/, '所有任务都在等待内存的时间占 $1'],
  [/^this host shows no CPU frequency policy$/, '本机没有 CPU 频率策略'],
  [
    /^governor or limits of (\d+) frequency policies changed; governor (.+)$/,
    '$1 项频率策略的调速器或上下限改变；调速器 $2',
  ],
  [/^no frequency policy changed; governor (.+)$/, '频率策略没有改变；调速器 $1'],
  [/^other processes used at least (\S+) of the host's CPU time$/, '其他进程至少占用了主机 CPU 时间的 $1'],
  [/^the wall clock jumped by (.+)$/, '系统时钟跳动了 $1'],
  [/^the wall clock did not jump$/, '系统时钟没有跳动'],
  [/^\/proc\/stat does not give stolen time$/, '/proc/stat 没有给出被占用的时间'],
  [/^the block was shorter than a clock tick$/, '区组比一个时钟滴答还短'],
  [/^\/proc\/vmstat does not count swapping$/, '/proc/vmstat 不统计换页'],
  [
    /^pressure stall information is absent or switched off on this host \(boot with psi=1\)$/,
    '本机没有或关闭了压力信息（用 psi=1 启动内核）',
  ],
  [
    /^this host does not tell its memory pressure: the ramp cannot stop for it$/,
    '本机不报告内存压力：加压无法因此停止',
  ],
  [/^no program announced its start and end: clocks not compared$/, '没有程序报告起止，未比较时钟'],
  [
    /^the clock inside and the host's differ by (.+) over (.+), allowed (.+); worst of (\d+) \(jitter (.+)\)$/,
    '实例内外的时钟在 $2 中相差 $1，允许 $3；为 $4 次中最差（抖动 $5）',
  ],
  [
    /^(.+) of memory were available, the floor is (.+); (\d+) instances were ended at once to protect the host$/,
    '可用内存 $1，下限 $2；为保护主机立即结束了 $3 个实例',
  ],
  [/^(.+) of memory were available, the floor is (.+)$/, '可用内存 $1，下限 $2'],
  [/^(\d+) starts failed$/, '$1 次启动失败'],
  [/^(\d+) instances did not answer$/, '$1 个实例没有应答'],
  [
    /^all tasks waited for memory (\S+) of ten seconds, (\S+) is the bound$/,
    '十秒内所有任务都在等待内存的时间占 $1，上限 $2',
  ],
  [/^a start took (.+), more than (\S+) × the first step's (.+)$/, '一次启动用了 $1，超过第一阶段（$3）的 $2 倍'],
  [/^the ramp was to have (\d+) instances and has them$/, '预定 $1 个实例，已经达到'],
  [/^(.+) leaves room for (\d+) more instances beside the (\d+) that stand$/, '$1 只能再容纳 $2 个实例，已有 $3 个'],
  [
    /^(.+) of memory are available and the floor is (.+): room for (\d+) more at (.+) each$/,
    '可用内存 $1，下限 $2：每个 $4，还能容纳 $3 个',
  ],
  [
    /^(.+) of the ramp's time are left: room for (\d+) more instances at (.+) each beside the (\d+) that stand$/,
    '剩余时间 $1：每个 $3，还能启动 $2 个，已有 $4 个',
  ],
  [
    /^a guest runs a kernel of its own, booted from its own disk by firmware, boot loader and systemd$/,
    '客户机运行自己的内核，由固件、引导程序和 systemd 从自己的磁盘启动',
  ],
  [
    /^a guest runs a kernel of its own, booted directly with an initial file tree of ours$/,
    '客户机运行自己的内核，连同我们的初始文件树直接引导',
  ],
  [/^the guest kernel is the boundary; inside it nothing is filtered$/, '客户机内核就是边界；其内部不过滤系统调用'],
  [/^the guest kernel is the boundary; inside it root is root$/, '客户机内核就是边界；其内部的 root 即是 root'],
  [
    /^a profile of the host confines the emulator, not the guest's processes$/,
    '主机的策略约束的是仿真器，而不是客户机内的进程',
  ],
  [
    /^a process on the host without a box: this is what the boxes are compared with$/,
    '主机上没有隔离的进程：各种隔离都与它比较',
  ],
  [/^the guest's own kernel decides for its processes$/, '由客户机自己的内核为其进程决定'],
  [/^the next limit of the kernel: (.+), at about (\d+) instances$/, '下一个内核限制：$1，约在 $2 个实例处'],
];

export function guardName(lang: Lang, guard: string): string {
  return lang === 'zh' ? (NAMES[guard] ?? guard) : guard;
}

/** Such a message in a language; one of an unknown form stays as it is. */
export function readingIn(lang: Lang, message: string): string {
  if (lang === 'en') return message;
  const known = READINGS.find(([form]) => form.test(message));
  return known ? message.replace(...known) : message;
}
