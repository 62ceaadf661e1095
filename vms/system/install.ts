import { type AddedPackage, inTree, layTree, settleTree } from '../../bench/image/system/install.ts';
import type { SystemLayer } from '../../bench/image/system/layer.ts';
import type { Image } from '../../bench/model/image.ts';
import type { Firmware } from '../firmware.ts';
import { SYSTEM, UEFI } from './recipe.ts';

/** How GRUB's core is made for each firmware. */
const CORES = {
  seabios: { format: 'i386-pc', modules: SYSTEM.grubModules, output: '/boot/grub/core.img' },
  ovmf: { format: 'x86_64-efi', modules: UEFI.grubModules, output: '/boot/grub/core.efi' },
} as const;

/** What a disk needs of the boot loader outside of the root file system. */
export type Loader =
  | { readonly firmware: 'seabios'; readonly boot: Buffer; readonly core: Buffer }
  | { readonly firmware: 'ovmf'; readonly core: Buffer };

/** Makes GRUB's core with what it needs to find its configuration in the second partition of the disk that it comes from. */
async function makeLoader(tree: string, firmware: Firmware, signal: AbortSignal): Promise<Loader> {
  const { format, modules, output } = CORES[firmware];
  const argv = ['grub-mkimage', `--format=${format}`, `--output=${output}`, '--prefix=(,gpt2)/boot/grub', ...modules];
  await inTree(tree, argv, signal);
  const read = async (path: string) =>
    Buffer.from((await inTree(tree, ['base64', '--wrap=0', path], signal)).stdout, 'base64');
  const core = await read(output);
  if (firmware === 'ovmf') return { firmware, core };
  return { firmware, boot: await read('/usr/lib/grub/i386-pc/boot.img'), core };
}

/**
 * Makes a full system of a copy of the image's tree: packages, our files, the boot loader's core. What runs in the copy runs in
 * namespaces of its own, and no path of the copy is followed on the host.
 * @param tree is made, and beside it a folder with `-added` to its name.
 * @param layer names the boot loader's package of this firmware.
 * @returns what the disk needs of the boot loader, and the packages that were added.
 * @throws CommandError `SYSTEM_INSTALL`; InterruptedError.
 */
export async function installSystem(
  image: Image,
  tree: string,
  firmware: Firmware,
  layer: SystemLayer,
  signal: AbortSignal,
): Promise<{ readonly loader: Loader; readonly packages: readonly AddedPackage[] }> {
  const packages = await layTree(image, tree, layer, signal);
  const loader = await makeLoader(tree, firmware, signal);
  await settleTree(tree, SYSTEM, signal);
  return { loader, packages };
}
