/* The part of this package that is plain TypeScript: for models and tests, which run without a browser and without Svelte. */
export { avatarColour, avatarColours, initials } from './avatar/avatar';
export { createFormat, daysBetween, type Format } from './i18n/format';
export { isLocale, localeNames, locales, pickLocale, type Locale, type Shape } from './i18n/locale';
export { isEmojiOnly, safeHref, segments, type Segment } from './text/segments';
export { applyTheme, isTheme, themes, type Theme } from './theme/theme';
