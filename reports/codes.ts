import type { Lang } from './words.ts';

/**
 * What the code of a failure, or of a runner that could not run, says. The message beside it is evidence and stays as it came;
 * whoever reads the page in Chinese learns from the code what it is about.
 */
const CODES: Readonly<Record<string, string>> = {
  // starting and ending
  MARK_TIMEOUT: '在时限内没有等到标记',
  MARK_CLOSED: '标记通道过早关闭',
  MARK_PROTOCOL: '标记通道收到了不合协议的内容',
  WORKLOAD_EXITED: '应用在就绪之前退出',
  INSTANCE_DIED: '实例在就绪之前消失',
  DOMAIN_GONE: '客户机在就绪之前结束',
  NOT_KVM: 'QEMU 说这个客户机没有使用 KVM',
  NOT_REACHABLE: '经网络无法访问',
  UNREACHABLE: '从客户端无法访问应用',
  GONE: '进程已经结束',
  STOP_TIMEOUT: '在时限内没有结束',
  NOT_GONE: '强制结束后仍然存在',
  // measuring
  PROGRAM_FAILED: '被测程序以错误结束',
  INSIDE_FAILED: '实例内的命令以错误结束',
  PROGRAM_OUTPUT: '被测程序的输出无法解析',
  WORKLOAD_OUTPUT: '工作负载的输出无法解析',
  SUITE_OUTPUT: '测试套件的输出无法解析',
  NO_READING: '输出中缺少读数',
  NO_VALUES: '没有足够的数值',
  NO_STEP: '连第一个阶段也没有通过',
  NO_SLOPE: '内存没有增长，无法求斜率',
  // commands and the host
  COMMAND_FAILED: '命令以错误结束',
  COMMAND_TIMEOUT: '命令超时',
  OUTPUT_TOO_LARGE: '输出超过了大小上限',
  NOT_RUN: '命令无法运行',
  TOOL_MISSING: '缺少程序',
  SERVICE_DOWN: '服务没有运行',
  NOT_ROOT: '需要 root 权限',
  NOT_PREPARED: '运行器无法为此工作负载做好准备',
  NO_SPACE: '磁盘空间不足',
  NO_PORT: '没有空闲端口',
  NO_ADDRESS: '没有空闲地址',
  NO_NETWORK: '没有网络',
  NO_SUBNET: '没有空闲子网',
  BRIDGE_BLOCKED: '主机上有规则丢弃网桥各端口之间的数据包',
  FILE_SYSTEM: '该文件系统无法给出可信的占用空间',
  NO_LAYER_FOLDERS: '引擎没有给出镜像层的目录',
  NO_CONTROLLER: '内核缺少所需的 cgroup 控制器',
  STATE_UNREACHABLE: '虚拟机的用户无法访问状态目录',
  DOCKER_IMAGE: 'Docker 镜像无法使用',
  // KVM
  NO_KVM: '要求使用 KVM，但不可用',
  NO_KVM_CPU: 'CPU 不支持硬件虚拟化',
  NO_KVM_DEVICE: '没有 /dev/kvm',
  NO_KVM_MODULE: '没有加载 KVM 内核模块',
  NO_KVM_PERMISSION: '没有使用 /dev/kvm 的权限',
  NO_KVM_LIBVIRT: 'libvirt 的用户无法使用 /dev/kvm',
  // cleaning up
  CLEANUP: '有东西未能清除',
  REMOVAL_STUCK: '引擎一直没有完成删除',
  CGROUP_STAYS: 'cgroup 未能删除',
  DOMAIN_STAYS: '虚拟机域未能删除',
  PROCESS_STAYS: '进程未能结束',
  MOUNT_STAYS: '挂载未能卸下',
  NETNS_STAYS: '网络命名空间未能删除',
  LINK_STAYS: '网络接口未能删除',
  INTERRUPTED: '被中断',
  UNEXPECTED: '意外错误',
};

/** Stages of an instance's life in which something failed, and phases of a run. */
const PLACES: Readonly<Record<string, string>> = {
  ...{ start: '启动', measure: '测量', end: '结束', clean: '清理', prepare: '准备' },
  ...{ pilot: '试验', measured: '测量' },
};

/** What a code is about, where a language needs it beside the English message; else null. */
export function codeIn(lang: Lang, code: string): string | null {
  return lang === 'zh' ? (CODES[code] ?? null) : null;
}

export function placeIn(lang: Lang, place: string): string {
  return lang === 'zh' ? (PLACES[place] ?? place) : place;
}
