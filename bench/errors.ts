/** Everything tare throws on purpose: what failed is the message, what to do about it is the hint. */

export interface TareErrorOptions {
  /** What the user can do next; printed after the message. */
  readonly hint?: string;
  /** Facts for logs and `--json`; must be serialisable. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Whether the very same call may succeed later. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The base of the hierarchy. `code` is stable and meant for programs, `exitCode` is what the process ends with. */
export class TareError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  readonly exitCode: number = 1;

  constructor(code: string, message: string, options: TareErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

/** The configuration or the command line is wrong. */
export class ConfigError extends TareError {
  override readonly exitCode = 2;
}

/** This host cannot do what was asked. */
export class UnsupportedError extends TareError {
  override readonly exitCode = 3;
}

/** Something that tare needs from the host (space, a port, a file, a service) could not be had. */
export class ResourceError extends TareError {
  override readonly exitCode = 4;
}

/** A program that tare called failed; `details` holds argv, exitCode, signal and the ends of stdout and stderr. */
export class CommandError extends TareError {
  override readonly exitCode = 4;
}

/** The workload inside an instance failed or misbehaved. */
export class WorkloadError extends TareError {
  override readonly exitCode = 5;
}

/** Output or a file did not have the form it must have. */
export class ParseError extends TareError {
  override readonly exitCode = 5;
}

/** Something of ours could not be removed. */
export class CleanupError extends TareError {
  override readonly exitCode = 6;
}

/** The user or a deadline ended the work. */
export class InterruptedError extends TareError {
  override readonly exitCode = 130;
}

/** A message for any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A stable code for any thrown value; `UNEXPECTED` where it is none of ours. */
export function codeOf(error: unknown): string {
  return error instanceof TareError ? error.code : 'UNEXPECTED';
}

/** An instance did not become ready; what it reached is kept, so that the failure can be counted with its marks. */
export class StartError extends WorkloadError {
  /** Marks reached before the failure, host-monotonic. */
  readonly marks: readonly { readonly name: string; readonly atNs: bigint }[];
  /** Text files worth keeping: the console, launch output, domain XML. */
  readonly logs: Readonly<Record<string, string>>;

  constructor(
    code: string,
    message: string,
    reached: Pick<StartError, 'marks' | 'logs'>,
    options: TareErrorOptions = {},
  ) {
    super(code, message, options);
    this.marks = reached.marks;
    this.logs = reached.logs;
  }
}
