import { z } from 'zod';
import { ParseError } from '../errors.ts';
import type { Metric } from '../model/metric.ts';
import type { Readings } from '../model/workload.ts';
import { quoteHead } from './quote.ts';

const MOST_SAMPLES = 40;
const MOST_TASKS = 50;
const NAME_CHARACTERS = 80;
const ID_CHARACTERS = 48;

const name = z
  .string()
  .min(1)
  .max(NAME_CHARACTERS, `a task's name has more than ${NAME_CHARACTERS} characters`)
  .regex(/^[^\p{C}]*$/u, "a task's name holds characters that cannot be shown");

const namesSchema = z.strictObject({
  schema: z.literal(1),
  names: z.array(name).nonempty('it has no task').max(MOST_TASKS, `it has more than ${MOST_TASKS} tasks`),
});

const resultSchema = z.strictObject({
  schema: z.literal(1),
  node: z.string().max(40),
  tinybench: z.string().max(40),
  timeMs: z.number().positive(),
  tasks: z
    .array(
      z.strictObject({
        name,
        samplesCount: z.number().int().positive(),
        meanNs: z.number().positive(),
        samplesNs: z.array(z.number().positive()).nonempty().max(MOST_SAMPLES),
      }),
    )
    .max(MOST_TASKS),
});

/** A task's metric id: its name in lower case, with hyphens for all but letters and digits. @throws ParseError `TASK_NAME`. */
export function slugOf(task: string): string {
  const slug = task
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, ID_CHARACTERS)
    .replaceAll(/^-|-$/g, '');
  if (slug !== '') return slug;
  throw new ParseError('TASK_NAME', `the task name ${quoteHead(task)} has no letter or digit to make an id of`);
}

/** One metric a task: the time of one run. @throws ParseError `TASK_NAME` where two names give one id. */
export function suiteMetrics(names: readonly string[]): readonly Metric[] {
  const taken = new Map<string, string>();
  return names.map((title) => {
    const id = slugOf(title);
    const other = taken.get(id);
    if (other !== undefined) {
      throw new ParseError('TASK_NAME', `the task names ${quoteHead(other)} and ${quoteHead(title)} both give "${id}"`);
    }
    taken.set(id, title);
    return { id, title, unit: 'ns', better: 'lower', primary: false, secondary: true, assessableEmulated: false };
  });
}

function parsed<Shape>(schema: z.ZodType<Shape>, stdout: string): Shape {
  try {
    return schema.parse(JSON.parse(stdout));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const why = issue ? `${issue.path.join('.') || 'the document'}: ${issue.message}` : 'no JSON document';
    throw new ParseError('SUITE_OUTPUT', `the suite's runner printed something else (${why}): ${quoteHead(stdout)}`, {
      cause,
    });
  }
}

/** The names that `run.ts --names` printed. @throws ParseError `SUITE_OUTPUT`. */
export function parseNames(stdout: string): readonly string[] {
  return parsed(namesSchema, stdout).names;
}

/**
 * What `run.ts` printed: every task's samples in nanoseconds, ascending, at most 40 of each, by metric id.
 * @param names the tasks that there must be, and no others. @throws ParseError `SUITE_OUTPUT`, `SUITE_TASKS`.
 */
export function parseSuite(stdout: string, names: readonly string[]): Readings {
  const { tasks } = parsed(resultSchema, stdout);
  const samples = new Map(tasks.map((task) => [task.name, task.samplesNs]));
  const missing = names.filter((task) => !samples.has(task));
  if (missing.length > 0 || tasks.length !== names.length) {
    const what = missing.length > 0 ? `not ${missing.map(quoteHead).join(', ')}` : 'other tasks than it has';
    throw new ParseError('SUITE_TASKS', `the suite's runner measured ${what}`);
  }
  return Object.fromEntries(names.map((task) => [slugOf(task), samples.get(task) ?? []]));
}
