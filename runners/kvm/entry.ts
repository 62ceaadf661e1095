/** What needs no escape in the firmware's text: neither a space, which separates, nor `%`, which escapes. */
const PLAIN = /^[\w./:=@,+-]+$/;

function escapeWord(word: string): string {
  // An empty word is a byte 0, which ends it.
  if (word === '') return '%00';
  if (PLAIN.test(word)) return word;
  return [...Buffer.from(word)]
    .map((byte) => {
      const character = String.fromCodePoint(byte);
      return PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

/** Arguments as one line for vms/guest/system.c. */
export function entryText(words: readonly string[]): string {
  return words.map(escapeWord).join(' ');
}
