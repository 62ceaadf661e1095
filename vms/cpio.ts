/** One entry of an initial file tree; folders must come before what they hold. */
export interface CpioEntry {
  /** Without a leading slash. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Absent: a folder. */
  readonly content?: Uint8Array;
}

const FOLDER = 0o040000;
const FILE = 0o100000;

function padded(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}

function record(inode: number, path: string, mode: number, content: Uint8Array): Buffer {
  const name = Buffer.from(`${path}\0`);
  const [uid, gid, links, time, device, check] = [0, 0, 1, 0, 0, 0];
  const fields = [
    inode,
    mode,
    uid,
    gid,
    links,
    time,
    content.length,
    device,
    device,
    device,
    device,
    name.length,
    check,
  ];
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

/**
 * An uncompressed archive in the "newc" format that the kernel unpacks at boot; the same entries give the same bytes. Its
 * length is a multiple of 4, so that archives may follow one another.
 */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const nothing = new Uint8Array();
  const records = entries.map(({ path, mode, content }, at) =>
    record(at + 1, path, (content === undefined ? FOLDER : FILE) | mode, content ?? nothing),
  );
  return Buffer.concat([...records, record(0, 'TRAILER!!!', 0, nothing)]);
}
