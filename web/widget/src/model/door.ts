/* What a desk shows to everybody who comes to it. */
import type { Locale } from '@encke/ui/plain';

/** A text of the desk's in the languages that it has been written in. */
export type Texts = { readonly [L in Locale]?: string };

export interface DoorAgent {
  readonly name: string;
  /** The address of a picture on this site. */
  readonly picture?: string;
}

/** A question that the desk asks before the first message. */
export interface FormField {
  readonly name: string;
  readonly label: Texts;
  readonly kind: 'text' | 'email' | 'phone' | 'choice';
  readonly required?: boolean;
  /** Of a `choice`: what it can be. */
  readonly choices?: readonly Texts[];
}

/** What appears beside the button. `page`: the pages, as `/cart*`. */
export interface Greeting {
  readonly page: string;
  readonly after_s: number;
  readonly text: Texts;
}

/** A question that many have, with its answer or the article that has it. */
export interface CommonQuestion {
  readonly question: Texts;
  readonly answer: Texts;
  readonly article?: number;
}

export interface Door {
  readonly desk: {
    readonly name: string;
    readonly greeting?: Texts;
    readonly offline?: Texts;
    readonly theme?: { readonly color?: string; readonly side?: 'left' | 'right' };
    /** Whether agents see what the visitor is typing. */
    readonly draft_preview?: boolean;
    readonly greetings?: readonly Greeting[];
    readonly questions?: readonly CommonQuestion[];
  };
  /** Whether it is within the hours of the desk. */
  readonly open: boolean;
  /** Milliseconds since 1970. */
  readonly opens_at?: number;
  readonly agents: readonly DoorAgent[];
  /** Visitors in the queue. */
  readonly waiting: number;
  readonly form: readonly FormField[];
  /** Whether a visitor has to agree before anything is kept. */
  readonly consent: boolean;
}

/** The visitor's own ticket. */
export interface VisitorTicket {
  /** That of its conversation. */
  readonly id: string;
  readonly state: 'open' | 'snoozed' | 'resolved';
  /** Its place in the queue, from 1; absent while nobody has to be waited for. */
  readonly place?: number;
  readonly agent?: { readonly id: string; readonly display_name: string; readonly picture?: string };
  readonly rating?: number;
  /** The ticket in which it goes on, if the desk has merged the two. */
  readonly merged_into?: string;
  /** Milliseconds since 1970. */
  readonly asked_at: number;
}

/** The text in a language, or in the other one if there is no other. */
export function textIn(texts: Texts | undefined, locale: Locale): string {
  return texts?.[locale] || texts?.['en'] || texts?.['zh-CN'] || '';
}

/** The colour of the desk's choice, as `#rrggbb`. */
export function colorOf(door: Door | null): string {
  const color = door?.desk.theme?.color ?? '';
  return /^#[0-9a-f]{6}$/i.test(color) ? color : '#0a6c7e';
}

/** Black or white, whichever is read better on a colour (WCAG's relative luminance). */
export function inkOn(color: string): string {
  const light = luminance(color);
  return 1.05 / (light + 0.05) >= (light + 0.05) / (luminance('#13202b') + 0.05) ? '#ffffff' : '#13202b';
}

export function luminance(color: string): number {
  const value = Number.parseInt(color.slice(1), 16);
  const part = (shift: number) => {
    const share = ((value >> shift) & 255) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0);
}

/** Tickets with one of them as it is now; the newest stay first. */
export function withTicket(tickets: readonly VisitorTicket[], ticket: VisitorTicket): VisitorTicket[] {
  return tickets.some(({ id }) => id === ticket.id)
    ? tickets.map((each) => (each.id === ticket.id ? ticket : each))
    : [ticket, ...tickets];
}
