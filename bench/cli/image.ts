import { Command } from 'commander';
import { withDefaults } from '../config/profiles.ts';
import { ResourceError } from '../errors.ts';
import { buildImage } from '../image/build.ts';
import { findImage, listImages } from '../image/store.ts';
import { exportImage, importImage } from '../image/transfer.ts';
import type { Image } from '../model/image.ts';
import { print, printable, printError } from './output.ts';
import { passProxies } from './proxies.ts';
import { interruptible } from './signals.ts';

interface Flags {
  readonly state: string;
  readonly json?: boolean;
}

function progress(line: string): void {
  printError(printable(line));
}

function facts(image: Image, current: Image | undefined) {
  const { digest, createdAt, recipe, packages, artefacts } = image.manifest;
  return {
    digest,
    current: image.folder === current?.folder,
    createdAt,
    suite: recipe.suite,
    packages: packages.length,
    folder: image.folder,
    tree: image.tree,
    artefacts,
  };
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? '–' : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** One line for people, or the facts for programs. */
function show(image: Image, json: boolean | undefined): void {
  if (json) return print(JSON.stringify(facts(image, image), null, 2));
  print(`${image.manifest.digest}  ${image.folder}`);
}

async function build(flags: Flags & { readonly mirror?: string }): Promise<void> {
  using interrupt = interruptible(() => progress('ending the build; press again to end at once'));
  passProxies();
  const image = await buildImage({
    stateDir: flags.state,
    signal: interrupt.signal,
    onProgress: progress,
    ...(flags.mirror === undefined ? {} : { mirror: flags.mirror }),
  });
  show(image, flags.json);
}

async function list(flags: Flags): Promise<void> {
  const current = await findImage(flags.state);
  const rows = (await listImages(flags.state)).map((image) => facts(image, current));
  if (flags.json) return print(JSON.stringify(rows, null, 2));
  if (rows.length === 0) return print('no image yet; make one with: tare image build');
  for (const { digest, current: isCurrent, createdAt, suite, packages, artefacts } of rows) {
    const sizes = `tar ${mebibytes(artefacts['tree.tar']?.bytes)}, compressed ${mebibytes(artefacts['tree.tar.gz']?.bytes)}`;
    print(printable(`${isCurrent ? '*' : ' '} ${digest}  ${createdAt}  ${suite}, ${packages} packages, ${sizes}`));
  }
}

async function exportTo(file: string, flags: Flags & { readonly image?: string }): Promise<void> {
  using interrupt = interruptible(() => progress('ending the export'));
  const image = await findImage(flags.state, flags.image);
  if (!image) {
    const which = flags.image === undefined ? 'of this recipe' : `that begins with ${flags.image}`;
    throw new ResourceError('NO_IMAGE', `there is no image ${which} in ${flags.state}`, {
      hint: '"tare image list" shows what is there, "tare image build" makes one',
    });
  }
  progress(`writing ${image.manifest.digest}`);
  await exportImage(image, file, { signal: interrupt.signal });
  if (flags.json) print(JSON.stringify({ digest: image.manifest.digest, file }, null, 2));
  else print(file);
}

async function importFrom(file: string, flags: Flags): Promise<void> {
  using interrupt = interruptible(() => progress('ending the import'));
  show(await importImage(file, flags.state, { signal: interrupt.signal, onProgress: progress }), flags.json);
}

function subcommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option('--state <dir>', 'the state folder that holds the images', withDefaults({}).state)
    .option('--json', 'print as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

/** `tare image`: the one root file tree that every runner starts from. */
export function imageCommand(): Command {
  return new Command('image')
    .description('the root file tree that every runner starts from')
    .addCommand(
      subcommand('build', 'build the image, unless it is there already', [
        'tare image build',
        'tare image build --mirror http://mirror.example/debian',
      ])
        .option('--mirror <uri>', 'a Debian mirror instead of the one that this host uses')
        .action(build),
    )
    .addCommand(
      subcommand('list', 'show the images of this host; * marks the one that runs use', [
        'tare image list',
        'tare image list --json',
      ]).action(list),
    )
    .addCommand(
      subcommand('export', 'write an image as one file, so that others start from the very same bytes', [
        'tare image export tare-image.tar.zst',
        'tare image export old.tar.zst --image 984c3f9e',
      ])
        .argument('<file>', 'what to write; a zstd-compressed tar')
        .option('--image <digest>', 'the first digits of a digest, instead of the current image')
        .action(exportTo),
    )
    .addCommand(
      subcommand('import', 'take an exported image, check its digest, and use it from now on', [
        'tare image import tare-image.tar.zst',
      ])
        .argument('<file>', 'what "tare image export" wrote')
        .action(importFrom),
    );
}
