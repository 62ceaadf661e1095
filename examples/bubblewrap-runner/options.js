/** @import { RunnerOption } from 'tare/runner' */

/** @type {RunnerOption} */
export const NEW_SESSION = {
  name: 'newSession',
  what: 'whether the workload leads a session of its own, as in a container without a terminal',
  values: [true, false],
  default: true,
};
