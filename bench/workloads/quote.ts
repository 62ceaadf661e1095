const CHARACTERS = 200;

/** In quotes and on one line, with nothing in it that could drive a terminal. */
function quote(part: string): string {
  return JSON.stringify(part).replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '\ufffd');
}

/** The beginning of what a program printed, made harmless. */
export function quoteHead(text: string): string {
  const head = text.slice(0, CHARACTERS);
  return head.length < text.length ? `${quote(head)} …` : quote(head);
}

/** The end of what a program printed, made harmless. */
export function quoteTail(text: string): string {
  const tail = text.slice(-CHARACTERS);
  return tail.length < text.length ? `… ${quote(tail)}` : quote(tail);
}
