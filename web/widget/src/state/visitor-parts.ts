/* What a visitor is given, and the people that it knows. */
import type { Locale } from '@encke/ui/plain';
import type { Keep } from '../model/keep';
import type { Timers } from './question';

export interface Somebody {
  readonly id: string;
  readonly name: string;
  readonly picture: string | null;
  /** Whether this is a visitor, and so the one whose window this is: it may have had another id before. */
  readonly visits?: boolean;
}

export interface VisitorParts {
  readonly desk: string;
  readonly keep: Keep;
  readonly timers: Timers;
  language(): Locale;
  /** Something that is shown may be different. */
  changed(): void;
  /** Somebody has written this, and it has not been seen yet. */
  arrived(from: string, text: string): void;
}
