import { join } from 'node:path';
import type { Instance, RunContext } from '../../bench/model/runner.ts';
import { commandLine } from '../../bench/proc/exec.ts';

/** Where an instance keeps its files, by its runner. */
const FOLDERS: Readonly<Record<string, (run: RunContext, index: number) => string>> = {
  docker: (run, index) => join(run.runDir, `docker-${index}`),
  runc: (run, index) => join(run.runDir, 'runc', `i${index}`),
};

/** Commands that take an instance's box away; their failure only means that it is gone already. */
function removals(runner: string, name: string, folder: string, launch: Instance['launch']): readonly string[] {
  if (runner === 'docker') return [`docker rm --force ${name}`];
  const words = launch.flatMap(({ argv }) => argv);
  const root = words[words.indexOf('--root') + 1] ?? '';
  const line = (pattern: string) => `sed -n 's/^${pattern}.*/\\1/p' ${folder}/outside.ip`;
  return [
    `runc --root ${root} delete --force ${name}`,
    // The host's end of the veth goes with the namespace, which takes its own time: the link first.
    `ip link delete $(${line('link add name \\([^ ]*\\)')})`,
    `ip netns delete $(${line('netns add \\([^ ]*\\)')})`,
    `umount ${folder}/rootfs`,
    `rm -rf ${folder}/upper ${folder}/work ${folder}/pid`,
  ];
}

/** Shell lines that take one instance away again and leave what its launch commands expect to find. */
export function undoScript(runner: string, index: number, instance: Instance, run: RunContext): readonly string[] {
  const folder = FOLDERS[runner]?.(run, index) ?? '';
  const files = Object.entries(instance.logs).map(
    ([name, text]) => `cat > ${commandLine([join(folder, name)])} <<'TARE_END'\n${text}TARE_END`,
  );
  return [
    ...removals(runner, instance.ref.id, folder, instance.launch).map((line) => `(${line}) >/dev/null 2>&1`),
    `mkdir -p ${folder}/upper ${folder}/work ${folder}/rootfs`,
    ...files,
    `rm -f ${folder}/marks ${folder}/commands`,
    `mkfifo ${folder}/marks ${folder}/commands`,
  ];
}
