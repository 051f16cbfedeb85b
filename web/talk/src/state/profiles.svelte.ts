import { ApiError, type Person } from '@encke/sdk';
import { PeopleApi } from '@encke/sdk/people';
import { browserClock as clock } from '@encke/ui/plain';
import { untrack } from 'svelte';
import { profileWords, type ProfileWords } from '../i18n/profile-words';
import { counterpart } from '../model/directory';
import { lastSeenOf, seenText } from '../model/last-seen';
import { squarePicture } from '../model/square-picture';
import * as worlds from '../model/world';
import { minute } from './now.svelte';
import type { Talk } from './talk.svelte';

/** People are read anew one after the other, and at most so many before a pause. */
const readMax = 20;
/** All who share a room are told at once, so each waits for some part of this. */
const spreadMs = 1_500;
const againMs = 30_000;
/** The person of a direct conversation is read anew when it is opened, if that was not done for so long. */
const freshMs = 60_000;
/** The server notes when somebody was last seen a moment after it tells that the person is gone. */
const leftMs = 2_000;

/** What people show of themselves: it is read anew when they change it, and changed for the person at this page. */
export class Profiles {
  /** The person whose card is shown. */
  card: string | null = $state(null);
  readonly api: PeopleApi;
  readonly #read = new Map<string, number>();
  readonly #undo: (() => void)[];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stopped = false;

  constructor(readonly talk: Talk) {
    this.api = new PeopleApi(talk.client.api);
    this.#undo = [
      talk.client.on('event', () => {
        if ((talk.world?.changed.size ?? 0) > 0) this.#soon(Math.random() * spreadMs);
      }),
      talk.client.on('signal', ({ kind, from, body }) => {
        if (kind === 'presence' && body.state === 'offline') this.#gone(from);
      }),
      $effect.root(() => {
        $effect(() => {
          const { open } = talk;
          const other = open === null ? null : untrack(() => talk.world && counterpart(open, talk.world));
          if (other !== null) untrack(() => void this.look(other.id));
        });
      }),
    ];
    this.#soon(0);
  }

  get words(): ProfileWords {
    return profileWords[this.talk.language];
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const undo of this.#undo) undo();
  }

  /** Whether a person is there, or when it was last seen. */
  presence(person: Person): string {
    const { world, words } = this.talk;
    const at = world === null ? null : lastSeenOf(person, world.me);
    return at === null
      ? words.presence[person.presence]
      : this.words.lastSeen(seenText(at, minute(), this.talk.language));
  }

  /** What is seen of others changes with it. */
  async hideLastSeen(hidden: boolean): Promise<void> {
    await this.#change(() => this.api.hideLastSeen(hidden));
    this.#read.clear();
    const other = this.#other();
    if (other !== null) await this.look(other);
  }

  /** Shows a person. What is known stands there at once, and the rest comes. */
  show(person: string): void {
    this.card = person;
    this.#read.delete(person);
    void this.look(person);
  }

  /** Reads a person anew, unless that was done a moment ago. */
  async look(person: string): Promise<void> {
    if ((this.#read.get(person) ?? 0) + freshMs > clock.now()) return;
    await this.#fetch(person);
  }

  setName(name: string): Promise<boolean> {
    return this.#change(() => this.api.setName(name));
  }

  async setStatus(emoji: string, text: string, until: number | null): Promise<boolean> {
    const status = { text, ...(emoji === '' ? {} : { emoji }), ...(until === null ? {} : { until }) };
    return this.#change(() =>
      emoji === '' && text.trim() === '' ? this.api.endStatus() : this.api.setStatus(status),
    );
  }

  /** Cuts a picture to a square, uploads it and makes it the person's own. */
  setPicture(file: File): Promise<boolean> {
    return this.#change(async () => {
      const { upload } = await import('@encke/sdk/upload');
      const uploaded = await upload(await squarePicture(file), { name: 'picture.jpg' });
      return this.api.setPicture(uploaded.id);
    });
  }

  removePicture(): Promise<boolean> {
    return this.#change(() => this.api.removePicture());
  }

  /** The other person of the open conversation, if it is direct. */
  #other(): string | null {
    const { open, world } = this.talk;
    return open === null || world === null ? null : (counterpart(open, world)?.id ?? null);
  }

  /** Somebody whose time is on the screen has left. */
  #gone(person: string): void {
    if (person !== this.#other() && person !== this.card) return;
    setTimeout(() => {
      if (!this.#stopped) void this.#fetch(person);
    }, leftMs);
  }

  #change(change: () => Promise<Person>): Promise<boolean> {
    return this.talk.attempt(async () => this.#came(await change()));
  }

  #came(person: Person): void {
    if (this.#stopped || this.talk.world === null) return;
    this.#read.set(person.id, clock.now());
    this.talk.world = worlds.withPerson(this.talk.world, person);
  }

  async #fetch(id: string): Promise<boolean> {
    try {
      this.#came(await this.api.person(id));
      return true;
    } catch (thrown) {
      // A guest no longer shares a conversation with everybody whose messages it has.
      return !ApiError.from(thrown).retry && this.#forget(id);
    }
  }

  #forget(id: string): true {
    const { world } = this.talk;
    if (world !== null) {
      const changed = new Set([...world.changed].filter((each) => each !== id));
      this.talk.world = { ...world, changed };
    }
    return true;
  }

  #soon(ms: number): void {
    this.#timer ??= setTimeout(() => void this.#catchUp(), ms);
  }

  async #catchUp(): Promise<void> {
    const wanted = [...(this.talk.world?.changed ?? [])].slice(0, readMax);
    let reached = true;
    for (const id of wanted) reached = reached && !this.#stopped && (await this.#fetch(id));
    this.#timer = null;
    if (this.#stopped || (this.talk.world?.changed.size ?? 0) === 0) return;
    this.#soon(reached ? Math.random() * spreadMs : againMs);
  }
}
