import test from 'ava';
import { execArgv, type Running, startArgv } from '../../../../runners/oci/cli.ts';
import type { OciRuntime } from '../../../../runners/oci/runtime.ts';

const BOX: OciRuntime = {
  id: 'box',
  program: 'boxd',
  notRun: /^cannot/m,
  invocation: async () => ({ options: [] }),
};
const PATHS = { name: 'tare-a1b2c3-box-7', folder: '/run/box/i7', netns: 'tare-a1b2c3-7', pidFile: '/run/box/i7/pid' };
const RUNNING: Running = {
  runtime: BOX,
  runDir: '/run',
  name: PATHS.name,
  options: ['--raw'],
  environment: { PATH: '/bin' },
};

test('a container is started from its bundle in the background, with records of the run’s own', (t) => {
  t.deepEqual(startArgv(BOX, '/run', { options: ['--quick'] }, PATHS), [
    ...['boxd', '--root', '/run/box/state', '--quick', 'run', '--detach', '--pid-file', '/run/box/i7/pid'],
    ...['--bundle', '/run/box/i7', 'tare-a1b2c3-box-7'],
  ]);
});

test('what a start is run under is told its network namespace, and comes before it', (t) => {
  const argv = startArgv(BOX, '/run', { options: [], under: (netns) => ['under', netns] }, PATHS);
  t.deepEqual(argv.slice(0, 4), ['under', '/run/netns/tare-a1b2c3-7', 'boxd', '--root']);
});

test('a program inside gets what is added to the container’s environment', (t) => {
  t.deepEqual(execArgv(RUNNING, { A: 'b' }, ['/bin/echo', '--env', 'C=d']), [
    ...['boxd', '--root', '/run/box/state', '--raw', 'exec', '--env', 'A=b', 'tare-a1b2c3-box-7'],
    ...['/bin/echo', '--env', 'C=d'],
  ]);
});

test('where the runtime forgets the container’s own environment it is given once more', (t) => {
  const argv = execArgv({ ...RUNNING, runtime: { ...BOX, replacesEnvironment: true } }, { A: 'b' }, ['/bin/true']);
  t.deepEqual(argv.slice(5, 9), ['--env', 'PATH=/bin', '--env', 'A=b']);
});
