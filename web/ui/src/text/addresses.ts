/** Addresses within a text. Only http, https and mailto ever become links; nothing here makes HTML. */

/** An address as it was written, and where it leads. */
export interface Address {
  readonly start: number;
  readonly text: string;
  readonly href: string;
}

/** A link ends at white space, at a quote or bracket of any width, and at East Asian text or punctuation that follows without a space. */
const link =
  /\bhttps?:\/\/[^\s<>"'`“”‘’「」『』《》〈〉【】()（）[\]{}，。！？；：、\p{Script=Han}]+(?:\([^\s<>"()]*\)[^\s<>"'`()，。！？；：、\p{Script=Han}]*)*|\bmailto:[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/giu;
const trailing = /[.,!?;:*_~]+$/u;

export function addresses(text: string): Address[] {
  const found: Address[] = [];
  for (const match of text.matchAll(link)) {
    const shown = match[0].replace(trailing, '');
    const href = safeHref(shown);
    if (href !== null) found.push({ start: match.index, text: shown, href });
  }
  return found;
}

/**
 * The address in its normal form, or null unless it is http(s) with a host and without a name and password that could disguise
 * it, or mailto.
 */
export function safeHref(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol === 'mailto:') return url.pathname.includes('@') ? url.href : null;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (url.hostname === '' || url.username !== '' || url.password !== '') return null;
  return url.href;
}

const onlyEmoji =
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\u20e3]|\s)+$/u;

/** Whether a message is one to three emoji and nothing else. Such a message is shown large. */
export function isEmojiOnly(text: string): boolean {
  if (text.length > 40 || !onlyEmoji.test(text)) return false;
  const graphemes = [...new Intl.Segmenter().segment(text)].filter((part) => part.segment.trim() !== '');
  return graphemes.length >= 1 && graphemes.length <= 3;
}
