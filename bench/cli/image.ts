import { Command, Option } from 'commander';
import { withDefaults } from '../config/profiles.ts';
import { ResourceError } from '../errors.ts';
import { buildImage } from '../image/build.ts';
import { FLAVOURS, flavourId } from '../image/flavour.ts';
import { currentImage, findImage, listImages } from '../image/store.ts';
import { exportImage, importImage } from '../image/transfer.ts';
import type { Image, ImageLayer } from '../model/image.ts';
import type { Flavour } from '../model/workload.ts';
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

function facts(image: Image, current: boolean) {
  const { digest, flavour, layer, createdAt, recipe, packages, artefacts } = image.manifest;
  return {
    digest,
    flavour: flavour ?? 'base',
    layer: layer ?? null,
    current,
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
  if (json) return print(JSON.stringify(facts(image, true), null, 2));
  print(`${image.manifest.digest}  ${image.folder}`);
}

/** The images that runs use: each flavour's of this tare's recipe, where it is there. */
async function currentImages(stateDir: string): Promise<readonly Image[]> {
  const images = await Promise.all(FLAVOURS.map(async (name) => currentImage(stateDir, await flavourId(name))));
  return images.filter((image) => image !== undefined);
}

async function build(flags: Flags & { readonly flavour: Flavour; readonly mirror?: string }): Promise<void> {
  using interrupt = interruptible(() => progress('ending the build; press again to end at once'));
  passProxies();
  const image = await buildImage({
    stateDir: flags.state,
    flavour: flags.flavour,
    signal: interrupt.signal,
    onProgress: progress,
    ...(flags.mirror === undefined ? {} : { mirror: flags.mirror }),
  });
  show(image, flags.json);
}

async function list(flags: Flags): Promise<void> {
  const current = (await currentImages(flags.state)).map(({ folder }) => folder);
  const rows = (await listImages(flags.state)).map((image) => facts(image, current.includes(image.folder)));
  if (flags.json) return print(JSON.stringify(rows, null, 2));
  if (rows.length === 0) return print('no image yet; make one with: tare image build');
  for (const row of rows) {
    const { digest, flavour, layer, createdAt, suite, packages, artefacts } = row;
    const sizes = `tar ${mebibytes(artefacts['tree.tar']?.bytes)}, compressed ${mebibytes(artefacts['tree.tar.gz']?.bytes)}`;
    const what = `${flavour}: ${suite}, ${packages} packages`;
    print(printable(`${row.current ? '*' : ' '} ${digest}  ${createdAt}  ${what}, ${sizes}`));
    if (layer !== null) print(printable(`    on ${layer.on}, adds ${inWords(layer)}`));
  }
}

function inWords({ adds }: ImageLayer): string {
  return Object.entries(adds)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}

async function exportTo(
  file: string,
  flags: Flags & { readonly flavour: Flavour; readonly image?: string },
): Promise<void> {
  using interrupt = interruptible(() => progress('ending the export'));
  const { state, flavour } = flags;
  const image =
    flags.image === undefined
      ? await currentImage(state, await flavourId(flavour))
      : await findImage(state, flags.image);
  if (!image) {
    const which =
      flags.image === undefined ? `of this recipe in the flavour ${flavour}` : `that begins with ${flags.image}`;
    throw new ResourceError('NO_IMAGE', `there is no image ${which} in ${state}`, {
      hint: `"tare image list" shows what is there, "tare image build --flavour ${flavour}" makes one`,
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

function flavourOption(): Option {
  return new Option('--flavour <name>', 'base, or node: the base with Node, tinybench and its suite in a layer')
    .choices(FLAVOURS)
    .default('base');
}

/** `tare image`: the one root file tree that every runner starts from. */
export function imageCommand(): Command {
  return new Command('image')
    .description('the root file tree that every runner starts from')
    .addCommand(
      subcommand('build', 'build the image, unless it is there already', [
        'tare image build',
        'tare image build --flavour node',
        'tare image build --mirror http://mirror.example/debian',
      ])
        .addOption(flavourOption())
        .option('--mirror <uri>', 'a Debian mirror instead of the one that this host uses')
        .action(build),
    )
    .addCommand(
      subcommand('list', 'show the images of this host; * marks those that runs use', [
        'tare image list',
        'tare image list --json',
      ]).action(list),
    )
    .addCommand(
      subcommand('export', 'write an image as one file, so that others start from the very same bytes', [
        'tare image export tare-image.tar.zst',
        'tare image export tare-node.tar.zst --flavour node',
        'tare image export old.tar.zst --image 984c3f9e',
      ])
        .argument('<file>', 'what to write; a zstd-compressed tar')
        .addOption(flavourOption())
        .option('--image <digest>', 'the first digits of a digest, instead of the current image of the flavour')
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
