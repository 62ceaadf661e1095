/**
 * What the author of a runner may import, as `tare/runner`: the contract, and the helpers that the built-in runners share. Within
 * one `apiVersion` things are added here and none is taken away. docs/writing-a-runner.md shows how they are used.
 */

// The contract.
export { INSIDE, type Image, type ImageManifest } from '../bench/model/image.ts';
export { MARK_NAMES, type Mark, type MarkName, sinceLaunch } from '../bench/model/mark.ts';
export type { Owner, OwnerFilter, ResourceKind, ResourceRef } from '../bench/model/owner.ts';
export {
  type Accelerator,
  type Capabilities,
  defineRunner,
  type DesignedDifference,
  type EffectiveLimits,
  type Ending,
  type ExecOptions,
  type ExecResult,
  type HostContext,
  type Instance,
  type InstanceSpec,
  type Isolation,
  type LaunchCommand,
  type OptionValue,
  type OptionValues,
  type Prepared,
  type RunContext,
  type Runner,
  type RunnerOption,
  type StartOptions,
  type Support,
  type SweepContext,
  type TimedResult,
} from '../bench/model/runner.ts';
export type { EntryPoint, Placement, ReadyCheck } from '../bench/model/workload.ts';

// What goes wrong, each with a code and a hint.
export {
  CleanupError,
  codeOf,
  CommandError,
  ConfigError,
  InterruptedError,
  messageOf,
  ParseError,
  ResourceError,
  StartError,
  TareError,
  type TareErrorOptions,
  UnsupportedError,
  WorkloadError,
} from '../bench/errors.ts';

// Programs, processes and time.
export { delay, nowNs, waitUntil } from '../bench/proc/clock.ts';
export {
  commandLine,
  type CommandOptions,
  type CommandResult,
  exec,
  type LongRunning,
  OWNER_VARIABLE,
  spawn,
} from '../bench/proc/exec.ts';
export { launch, type LaunchLimits, prepareLauncher, type Step } from '../bench/proc/launcher.ts';
export { packageOf } from '../bench/proc/programs.ts';
export { execMarked } from './shared/marked-exec.ts';
export { findProgram, hasProgram } from './shared/programs.ts';
export {
  allPids,
  cpuNsOf,
  EXEC_VARIABLE,
  INSTANCE_VARIABLE,
  isRunning,
  killUntilGone,
  pidsNamed,
  type ProcessStat,
  processesWith,
  type ScannedProcess,
  scanProcesses,
  signalProcess,
  statOf,
  stillRuns,
  variableOf,
} from './shared/processes.ts';
export { Refcounted, type Use } from './shared/refcounted.ts';

// What a probe answers.
export { boxProblem } from './namespace-common/probe.ts';
export { cgroupText, refuse } from './oci/probe.ts';

// Names and what is left behind.
export { removeFolder } from '../bench/image/folder.ts';
export { ownedName, tagOf } from '../bench/proc/owner.ts';
export {
  runFolders,
  type Sweep,
  sweepAll,
  sweepCgroups,
  sweepEach,
  sweepMounts,
  sweepNetns,
  sweepProcesses,
} from './shared/sweep.ts';
export { sweepFolders, sweepVeths } from './oci/runner.ts';
export { type Layout, layout } from './oci/layout.ts';
export { cgroupDriver, runtimeFolder as runnerFolder } from './oci/cli.ts';
export type { CgroupDriver } from './oci/runtime.ts';

// A start, its marks and its end.
export { type EndOptions, observeEnd } from './shared/ending.ts';
export { boxPlacement, type ChannelPaths, INSIDE_ENVIRONMENT, probeArguments } from './shared/inside.ts';
export { Launching } from './shared/launching.ts';
export { type Announcement, type ExpectedRun, makeFifos, MarkChannel } from './shared/mark-channel.ts';
export type { RunStamps } from './shared/announced-runs.ts';
export { optionOf } from './shared/options.ts';
export { type TimedPlace, timedRun } from './shared/timed.ts';

// The file tree.
export { compressedTreeBytes } from './shared/distribution.ts';
export { type Mount, mountsBelow, mountsOf, unmount } from './shared/mounts.ts';
export { runTreeProgram, treeArgv } from './shared/tree-program.ts';

// The network.
export {
  type AddressLease,
  type Attachment,
  macFor,
  removeLink,
  requireRoute,
  runBridge,
  type RunBridge,
} from './shared/bridge.ts';
export { bridgeClient, type Client, type ClientBridge, type ClientTarget } from './shared/client.ts';
export { type Link, networkStep, removeNetwork } from './oci/network.ts';
export { netnsPath, ownedLinks, removeNetns, vethName } from './shared/netns.ts';
export { firstAnswer } from './shared/reach.ts';

// Limits.
export {
  cgroupCpuNs,
  type CgroupLimits,
  cgroupsNamed,
  cgroupsOf,
  cgroupVersion,
  hierarchies,
  type Hierarchy,
  limitsOf,
  missingControllers,
  pidsIn,
  processFolder,
  removeCgroup,
} from './shared/cgroups.ts';
export { type CgroupSpec, joinedFolders, type OwnCgroup, ownCgroup } from './namespace-common/own-cgroup.ts';
export { CAPABILITIES as DEFAULT_CAPABILITIES, MASKED_PATHS, READONLY_PATHS } from './oci/config.ts';
export { describeProcess } from './shared/describe.ts';

// The suite that every runner is held to; `tare runner verify` does it.
export { CONTRACT, ContractError, type ContractRule, ContractSession, type ContractSubject } from './contract.ts';
