/* How Chinese is read, in a file of its own: nobody needs it before the palette is opened. */
import { match } from 'pinyin-pro';

export function readsAs(text: string, latin: string): boolean {
  if (!/\p{Script=Han}/u.test(text)) return false;
  return match(text, latin.replaceAll(' ', ''), { continuous: true }) !== null;
}
