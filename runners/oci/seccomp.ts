/**
 * What Docker's default profile lets through on x86-64 with its default capabilities (moby's profiles/seccomp, Apache-2.0),
 * as facts in our own order: everything that is not named here fails with EPERM. It is the profile from Docker 25 on;
 * Docker 20.10 to 24 also let io_uring through and do not know the newest calls.
 *
 * One string a subject; `a{x,y}b` stands for `axb ayb`.
 */
const ALLOWED = [
  // Contents of files.
  'open{,at,at2} creat close{,_range} read{,v,ahead} write{,v} p{read,write}{64,v,v2} lseek _llseek {,f}truncate{,64}',
  'fallocate fadvise64{,_64} f{,data}sync sync{,fs,_file_range} copy_file_range sendfile{,64} splice tee vmsplice cachestat',
  // Names and attributes of files.
  '{,l,f}stat{,64} fstatat64 newfstatat statx {,f}statfs{,64} access faccessat{,2} {,f}chmod fchmodat{,2}',
  '{,l,f}chown{,32} fchownat link{,at} unlink{,at} symlink{,at} readlink{,at} rename{,at,at2} mkdir{,at} rmdir mknod{,at}',
  '{,f}chdir chroot getcwd getdents{,64} umask utime{,s} futimesat utimensat{,_time64} name_to_handle_at',
  '{,l,f}{get,set,remove,list}xattr {get,set,remove,list}xattrat {list,stat}mount',
  'inotify_{init,init1,add_watch,rm_watch} fanotify_mark',
  // Descriptors, and waiting for them.
  'dup{,2,3} pipe{,2} fcntl{,64} ioctl flock eventfd{,2} signalfd{,4} memfd_{create,secret} poll ppoll{,_time64}',
  'select _newselect pselect6{,_time64} epoll_{create,create1,ctl,ctl_old,wait,wait_old,pwait,pwait2}',
  'io_{setup,destroy,submit,cancel,getevents,pgetevents,pgetevents_time64}',
  // Memory.
  'brk mmap{,2} munmap mprotect mremap madvise mincore msync mseal mlock{,2,all} munlock{,all} membarrier',
  'remap_file_pages pkey_{alloc,free,mprotect} map_shadow_stack process_mrelease',
  // Processes and threads.
  'fork vfork execve{,at} exit{,_group} wait{4,id,pid} kill tkill tgkill getp{id,pid,gid,grp} gettid getsid set{sid,pgid}',
  '{get,set}priority ioprio_{get,set} prctl arch_prctl modify_ldt seccomp cap{get,set} pidfd_{open,send_signal} ptrace',
  'process_vm_{readv,writev} {get,set}_robust_list {get,set}_thread_area set_tid_address rseq restart_syscall uretprobe',
  'landlock_{add_rule,create_ruleset,restrict_self} futex{,_time64,_waitv,_requeue,_wait,_wake}',
  'sched_{yield,get_priority_max,get_priority_min,rr_get_interval,rr_get_interval_time64}',
  'sched_{get,set}{affinity,attr,param,scheduler}',
  // Users, limits and facts.
  '{get,set}{u,g}id{,32} gete{u,g}id{,32} {get,set}res{u,g}id{,32} setre{u,g}id{,32} setfs{u,g}id{,32} {get,set}groups{,32}',
  'getrlimit setrlimit ugetrlimit prlimit64 getrusage times sysinfo uname getcpu getrandom',
  // Signals and time.
  'pause rt_sig{action,pending,procmask,queueinfo,return,suspend,timedwait,timedwait_time64} rt_tgsigqueueinfo',
  'sig{altstack,procmask,return} time gettimeofday adjtimex alarm nanosleep {get,set}itimer clock_adjtime{,64}',
  'clock_getres{,_time64} clock_gettime{,64} clock_nanosleep{,_time64} timer_{create,delete,getoverrun}',
  'timer_{get,set}time{,64} timerfd_create timerfd_{get,set}time{,64}',
  // Talking to others.
  'ipc {msg,sem,shm}{get,ctl} msg{rcv,snd} semop semtimedop{,_time64} shm{at,dt}',
  'mq_{open,unlink,notify,getsetattr} mq_timed{send,receive}{,_time64} socketcall socketpair bind connect listen',
  'accept{,4} shutdown get{peer,sock}name {get,set}sockopt send{,to,msg,mmsg} recv{,from,msg,mmsg,mmsg_time64}',
];

const AF_VSOCK = 40;
const ENOSYS = 38;

/** Every CLONE_NEW* flag: no new namespaces without CAP_SYS_ADMIN. */
const NAMESPACE_FLAGS = 0x7e020000;

/** PER_LINUX, PER_LINUX32, both with UNAME26, and the question for the current one. */
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0xffffffff];

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_NE' | 'SCMP_CMP_MASKED_EQ';
}

/** One rule in the form of the OCI runtime specification. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly Argument[];
}

/** `a{x,y}b` → [`axb`, `ayb`], several braces multiply. */
export function expandBraces(word: string): readonly string[] {
  const match = /^([^{]*)\{([^}]*)\}(.*)$/.exec(word);
  if (!match) return [word];
  const [, before = '', choices = '', after = ''] = match;
  const rest = expandBraces(after);
  return choices.split(',').flatMap((choice) => rest.map((tail) => `${before}${choice}${tail}`));
}

/** Names of every call that is allowed without a condition. */
export function allowedCalls(): readonly string[] {
  return ALLOWED.flatMap((line) => line.split(' ')).flatMap(expandBraces);
}

/** `linux.seccomp` of an OCI config; calls that the installed libseccomp does not know are ignored by runc. */
export function seccompProfile() {
  const allow = (name: string, argument: Argument): SeccompRule => ({
    names: [name],
    action: 'SCMP_ACT_ALLOW',
    args: [argument],
  });
  const syscalls: readonly SeccompRule[] = [
    { names: allowedCalls(), action: 'SCMP_ACT_ALLOW' },
    allow('socket', { index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }),
    ...PERSONALITIES.map((value) => allow('personality', { index: 0, value, op: 'SCMP_CMP_EQ' })),
    allow('clone', { index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }),
    // Its flags lie in memory, where a filter cannot look; the C library falls back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  ];
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls,
  } as const;
}
