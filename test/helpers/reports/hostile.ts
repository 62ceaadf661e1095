/** Texts as an instance or a host under attack could write them. Every report must show them harmlessly. */

/** Ends a script element, opens another, colours, rings, links (OSC 8) and turns the direction of what follows. */
export const HOSTILE =
  '</script><script>globalThis.pwned = 1</script> \u001b[31mred\u001b[0m \u0007\u001b]8;;https://example.invalid\u001b\\link\u001b]8;;\u001b\\ ' +
  '\u202egnp.exe\u2066 \u009b2J "\'><img src=x onerror="globalThis.pwned = 2"> | [x](javascript:alert(1)) `code`\nnext line \ud800';

/** What a spreadsheet would run. */
export const FORMULA = "=cmd()|'/C calc'!A0";

/** What must never come out of a renderer: controls other than the newline, and bidi marks. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
export const FORBIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
