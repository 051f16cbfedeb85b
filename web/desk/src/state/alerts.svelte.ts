import type { DeskTicket } from '@encke/sdk/desk';
import { chime } from '@encke/shell/chime';
import type { TextStorage } from '@encke/ui/plain';
import { Waiters } from '../model/waiters';

/** The sound comes again while somebody waits and nobody has looked. */
const soundAgainMs = 15_000;
const stored = 'encke.desk.sound';

/** Calls that are remembered; of more the newest. */
const callsMax = 20;

/** A rule calls those who lead a desk to a ticket. */
export interface Call {
  readonly ticket: string;
  readonly desk: string;
  /** The name of the rule. */
  readonly rule: string;
}

export interface AlertsOptions {
  readonly me: string;
  readonly storage: TextStorage;
  /** The words of a notification about a ticket. */
  readonly text: (ticket: string) => { readonly title: string; readonly body: string };
  readonly open: (ticket: string) => void;
}

/** Calls the agent to those who wait: by a sound until it looks, a number beside the page's name, a notification. */
export class Alerts {
  sound = $state(true);
  /** Whether the browser lets this page show notifications. */
  allowed = $state('Notification' in window && Notification.permission === 'granted');
  /** Calls that nobody here has seen yet, the oldest first. */
  calls: readonly Call[] = $state.raw([]);
  #waiters: Waiters = $state.raw(new Waiters());
  /** Whether the agent has looked since the last one came. */
  #seen = true;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(private readonly options: AlertsOptions) {
    this.sound = options.storage.getItem(stored) !== 'off';
    this.#timer = setInterval(() => {
      if (this.calls.length > 0) return this.#ring();
      if (!this.#seen && this.waiting > 0 && !document.hasFocus()) this.#ring();
    }, soundAgainMs);
  }

  get waiting(): number {
    return this.#waiters.count;
  }

  /** Those who wait as an answer lists them. They are no news. */
  listed(tickets: readonly DeskTicket[]): void {
    this.#waiters = tickets.reduce((all, ticket) => all.with(ticket, this.options.me), this.#waiters);
    this.#badge();
  }

  happened(ticket: DeskTicket): void {
    const before = this.#waiters;
    this.#waiters = before.with(ticket, this.options.me);
    this.#badge();
    const [news] = this.#waiters.since(before);
    if (news === undefined) return;
    this.#seen = document.hasFocus();
    this.#ring();
    if (!this.#seen) this.#show(news);
  }

  /** A rule calls to a ticket: by a sound until somebody has seen it, whether this page is looked at or not. */
  call(call: Call): void {
    this.calls = [...this.calls.filter(({ ticket }) => ticket !== call.ticket), call].slice(-callsMax);
    this.#ring();
    this.#show(call.ticket);
  }

  /** This agent has seen what it was called to. */
  answered(ticket: string): void {
    this.calls = this.calls.filter((each) => each.ticket !== ticket);
  }

  looked(): void {
    this.#seen = true;
  }

  turnSound(on: boolean): void {
    this.sound = on;
    this.options.storage.setItem(stored, on ? 'on' : 'off');
    if (on) this.#ring();
  }

  async turnNotices(): Promise<void> {
    if ('Notification' in window) await Notification.requestPermission();
    this.permissionChanged();
  }

  /** Called when the person has been asked whether this page may show notifications. */
  permissionChanged(): void {
    this.allowed = 'Notification' in window && Notification.permission === 'granted';
  }

  stop(): void {
    clearInterval(this.#timer);
    this.calls = [];
    this.#waiters = new Waiters();
    this.#badge();
  }

  #ring(): void {
    if (this.sound) chime();
  }

  #badge(): void {
    if (!('setAppBadge' in navigator)) return;
    const done = this.waiting > 0 ? navigator.setAppBadge(this.waiting) : navigator.clearAppBadge();
    void done.catch(() => undefined);
  }

  #show(ticket: string): void {
    if (!this.allowed) return;
    try {
      const { title, body } = this.options.text(ticket);
      const notice = new Notification(title, { body, tag: `desk:${ticket}` });
      notice.onclick = () => {
        window.focus();
        this.options.open(ticket);
        notice.close();
      };
    } catch {
      // Phones show notifications by a service worker alone. The sound and the number remain.
    }
  }
}
