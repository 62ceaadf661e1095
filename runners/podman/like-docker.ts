import { openFilesLimit, openFilesOf, loadedApparmorProfile, sysctls } from '../oci/config.ts';

/** What Docker's default set has and Podman's has not. */
const CAPABILITIES = ['MKNOD', 'AUDIT_WRITE', 'NET_RAW'];

/**
 * Podman raises what a container may have of processes as far as it goes, which a root without CAP_SYS_RESOURCE may not: this much
 * every root may have, and the kernel does not hold root to it.
 */
const PROCESSES = 32_768;

/** Words of `podman run` that make its containers like those of Docker. @param seccomp the file with the shared profile. */
export function likeDocker(seccomp: string): readonly string[] {
  const apparmor = loadedApparmorProfile();
  // Podman's own figure is beyond what a root without CAP_SYS_RESOURCE may give.
  const openFiles = openFilesLimit() ?? openFilesOf(process.pid);
  return [
    ...['--cap-add', CAPABILITIES.join(), '--security-opt', `seccomp=${seccomp}`],
    ...(apparmor === undefined ? [] : ['--security-opt', `apparmor=${apparmor}`]),
    ...(openFiles === undefined ? [] : ['--ulimit', `nofile=${openFiles.soft}:${openFiles.hard}`]),
    // Docker does not count processes.
    ...['--ulimit', `nproc=${PROCESSES}:${PROCESSES}`, '--pids-limit', '-1'],
    ...Object.entries(sysctls()).flatMap(([name, value]) => ['--sysctl', `${name}=${value}`]),
    ...['--log-driver', 'k8s-file'],
  ];
}
