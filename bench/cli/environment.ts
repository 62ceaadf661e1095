import { addToEnvironment } from '../proc/exec.ts';

/** What children may see of the caller's environment: where the engine is; everything else could change what is measured. */
const PASSED_ON = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG'];

/** Hands the few variables on; call once, before anything is started. */
export function passEnvironmentOn(): void {
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) addToEnvironment({ [name]: value });
  }
}
