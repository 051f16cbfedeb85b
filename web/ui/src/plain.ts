/* The part of this package that is plain TypeScript: for models and tests, which run without a browser and without Svelte. */
export { avatarColour, avatarColours, initials } from './avatar/avatar';
export { browserClock, type Clock } from './device/clock';
export { fetched, fetchAgainMs } from './device/fetched';
export type { TextStorage } from './device/storage';
export { commonEn, type CommonWords } from './i18n/en';
export { errorText } from './i18n/errors';
export { createFormat, daysBetween, formatOf, type Format } from './i18n/format';
export { amid, begin, end } from './i18n/han';
export { isLocale, localeNames, locales, pickLocale, type Locale, type Shape } from './i18n/locale';
export { Vocabulary } from './i18n/vocabulary';
export { commonZhCN } from './i18n/zh-CN';
export { movedBy, rowAfterKey, scrollTo, spanOf, spareRows, type Span, type View } from './list/rows';
export { addresses, isEmojiOnly, safeHref, type Address } from './text/addresses';
export { markdown, markdownDepthMax, markdownNodesMax, tableColumnsMax, tableRowsMax } from './text/markdown';
export type { Block, Inline } from './text/nodes';
export type { Mentioned } from './text/mentioned';
export { plainText } from './text/plain-text';
export { applyTheme, isTheme, themes, type Theme } from './theme/theme';
