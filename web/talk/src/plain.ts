/*
 * The part of this package that is plain TypeScript: for screens without a framework, such as the widget and the components. All of
 * it runs without Svelte, and what a screen does not use is left out of its bundle.
 */
export {
  amendedConversation,
  isAmending,
  isTooOld,
  noAmendments,
  withAmended,
  withAmendment,
  withoutRecalled,
  type Amendments,
} from './model/amendments';
export { sorted, titleOf } from './model/directory';
export { conversationOf } from './model/held';
export { Lookups } from './model/lookups';
export { lineOnNews, lineOnOpening, markToSend, type Attention } from './model/reading';
export { rowsOf, type MessageRow, type OutgoingRow, type Row, type SystemRow } from './model/rows';
export {
  emptyThread,
  gapAfter,
  historyPageSize,
  shortened,
  withEarlierPage,
  withEvents,
  withNewestPage,
  type Thread,
} from './model/thread';
export { expired, nobodyTyping, typingIn, withoutTyping, withTyping, type Typing } from './model/typing';
export { TypingSender } from './model/typing-sender';
export * as worlds from './model/world';
export type { World } from './model/world';
export { boxOf, kindOf, plainName, sizeText } from './model/files';
export { Pictures } from './plain/pictures';
export { files_max, Uploads, type Tray, type TrayItem } from './plain/uploads';
