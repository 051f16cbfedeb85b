/** The look of a face without a picture: the same id gets the same colour on every screen, the name gives the letters. */

/** White on each of these reaches 4.5:1. */
export const avatarColours: readonly string[] = [
  '#0b6e7f',
  '#7650b4',
  '#ad3f3c',
  '#2a6bb0',
  '#8a5a12',
  '#44742c',
  '#a13a72',
  '#4a5ca8',
  '#1b765a',
  '#6b5c4b',
];

/** FNV-1a over the id's characters: cheap, stable, well spread over short ids such as p1, p2, p3. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value ^= character.codePointAt(0) ?? 0;
    value = Math.imul(value, 0x01000193) >>> 0;
  }
  return value ^ (value >>> 15);
}

export function avatarColour(id: string): string {
  return avatarColours[Math.abs(hash(id)) % avatarColours.length] ?? '#0b6e7f';
}

const eastAsian = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/**
 * Chinese, Japanese and Korean: two characters, of a person's name the last (the given name), of a title the first.
 * Others: the first letters of the first and last word.
 */
export function initials(name: string, which: 'start' | 'end' = 'end'): string {
  const characters = [...name.trim()];
  const asian = characters.filter((character) => eastAsian.test(character));
  if (asian.length > 0) return (which === 'end' ? asian.slice(-2) : asian.slice(0, 2)).join('');
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0];
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  if (first === undefined) return characters[0] ?? '?';
  return ([...first][0] ?? '').toLocaleUpperCase() + ([...(last ?? '')][0] ?? '').toLocaleUpperCase();
}
