import type { Availability } from '@encke/sdk/desk';
import type { TextStorage } from '@encke/ui/plain';
import { minutesOf, turn } from '../model/idle';
import type { OpenDesk } from './open-desk.svelte';

const minutesKey = 'encke.desk.away';
/** The desk at which this device has made somebody away, so that a reload brings it back, too. */
const byItselfKey = 'encke.desk.away-by-itself';
/** What all tabs of a browser know: the last act in any of them. */
const activeKey = 'encke.desk.active';
const lookMs = 15_000;
const tellMs = 5_000;
const acts = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

/** Makes somebody who does nothing on this device away, and brings it back with the next act. */
export class Idle {
  minutes = $state(0);
  #active = Date.now();
  #told = 0;
  #busy = false;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly storage: TextStorage,
    private readonly desk: () => OpenDesk | null,
    private readonly set: (desk: OpenDesk, availability: Availability) => Promise<boolean>,
  ) {
    this.minutes = minutesOf(storage.getItem(minutesKey));
    this.#timer = setInterval(() => this.#look(), lookMs);
    for (const act of acts) window.addEventListener(act, this.#acted, { passive: true });
  }

  choose(minutes: number): void {
    this.minutes = minutes;
    this.storage.setItem(minutesKey, String(minutes));
    this.#look();
  }

  /** What is set by hand is no longer this one's to change. */
  setByHand(): void {
    this.storage.removeItem(byItselfKey);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const act of acts) window.removeEventListener(act, this.#acted);
  }

  readonly #acted = (): void => {
    this.#active = Date.now();
    if (this.#active - this.#told < tellMs) return;
    this.#told = this.#active;
    this.storage.setItem(activeKey, String(this.#active));
    this.#look();
  };

  #look(): void {
    const desk = this.desk();
    const availability = desk?.mine?.availability;
    if (desk === null || availability === undefined || this.#busy) return;
    const active = Math.max(this.#active, Number(this.storage.getItem(activeKey) ?? 0));
    const byItself = this.storage.getItem(byItselfKey) === desk.id;
    const wanted = turn({ now: Date.now(), active, minutes: this.minutes, availability, byItself });
    if (wanted === null) return;
    this.#busy = true;
    void this.set(desk, wanted)
      .then((went) => {
        if (went && wanted === 'away') this.storage.setItem(byItselfKey, desk.id);
        else if (went) this.storage.removeItem(byItselfKey);
      })
      .finally(() => (this.#busy = false));
  }
}
