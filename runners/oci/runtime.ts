/** What tells one OCI runtime from another, as far as a runner has to know. */
export interface OciRuntime {
  /** The runner's id: the name of its folder in a run's, and part of its containers' names. */
  readonly id: string;
  readonly program: string;
  /** Asks for a scope of systemd's instead of a cgroup of the runtime's own making. */
  readonly systemdOption: string;
  /** What it says itself when it could not run a program inside; a program's own exit code comes without it. */
  readonly notRun: RegExp;
}
