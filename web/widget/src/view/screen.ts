/* What every part of the view is given. */
import type { Locale } from '@encke/ui/plain';
import type { Times } from '../i18n/times';
import type { Words } from '../i18n/words';
import type { Keep } from '../model/keep';
import type { Pictures } from '@encke/talk/plain';
import type { Visitor } from '../state/visitor';

export interface Screen {
  readonly visitor: Visitor;
  readonly pictures: Pictures;
  readonly keep: Keep;
  /** Whether the page stands in an iframe, which can be closed. */
  readonly framed: boolean;
  readonly locale: Locale;
  readonly words: Words;
  readonly times: Times;
}
