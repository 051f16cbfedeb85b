import { describe, expect, it } from 'vitest';
import { judge, messageBytesMax, sends, type KeyPress } from '../src/model/composing';
import { retryInSeconds } from '../src/model/connection';
import { found, neighbour, sorted, titleOf } from '../src/model/directory';
import { Drafts, draftsMax, type TextStorage } from '../src/model/drafts';
import { Idle, awayAfterMs } from '../src/model/idle';
import { loadPreferences, savePreferences } from '../src/model/preferences';
import { lineOnNews, lineOnOpening, markToSend } from '../src/model/reading';
import { conversationInHash, hashOf } from '../src/model/route';
import { shortcutOf, type ShortcutPress } from '../src/model/shortcut';
import { expired, nobodyTyping, typingIn, withTyping, withoutTyping } from '../src/model/typing';
import { TypingSender, typingIdleMs, typingRepeatMs, type Clock } from '../src/model/typing-sender';
import { fromSnapshot } from '../src/model/world';
import { Example, person } from './example';

/** A clock that a test owns. */
class TestClock implements Clock {
  #now = 0;
  #tasks: { at: number; task: () => void }[] = [];
  now = (): number => this.#now;
  after(ms: number, task: () => void): () => void {
    const entry = { at: this.#now + ms, task };
    this.#tasks.push(entry);
    return () => (this.#tasks = this.#tasks.filter((other) => other !== entry));
  }
  pass(ms: number): void {
    this.#now += ms;
    const due = this.#tasks.filter((entry) => entry.at <= this.#now);
    this.#tasks = this.#tasks.filter((entry) => entry.at > this.#now);
    due.forEach((entry) => entry.task());
  }
}

class TestStorage implements TextStorage {
  readonly kept = new Map<string, string>();
  full = false;
  getItem = (name: string): string | null => this.kept.get(name) ?? null;
  setItem(name: string, value: string): void {
    if (this.full) throw new Error('full');
    this.kept.set(name, value);
  }
  removeItem = (name: string): void => void this.kept.delete(name);
}

describe('the key that sends', () => {
  const enter: KeyPress = {
    key: 'Enter',
    isComposing: false,
    keyCode: 13,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
  };
  it('is Enter, not Shift+Enter', () => {
    expect(sends(enter, false)).toBe(true);
    expect(sends({ ...enter, shiftKey: true }, false)).toBe(false);
    expect(sends({ ...enter, key: 'a' }, false)).toBe(false);
  });
  it('is never the Enter of an input method', () => {
    for (const ctrlEnter of [false, true]) {
      expect(sends({ ...enter, ctrlKey: true, isComposing: true }, ctrlEnter)).toBe(false);
      expect(sends({ ...enter, ctrlKey: true, keyCode: 229 }, ctrlEnter)).toBe(false);
    }
  });
  it('is Ctrl+Enter or Cmd+Enter if one likes', () => {
    expect(sends(enter, true)).toBe(false);
    expect(sends({ ...enter, ctrlKey: true }, true)).toBe(true);
    expect(sends({ ...enter, metaKey: true }, true)).toBe(true);
  });
  it('sends nothing empty and nothing over the limit in bytes', () => {
    expect(judge(' \n ')).toBe('empty');
    expect(judge('好'.repeat(Math.floor(messageBytesMax / 3)))).toBe('ok');
    expect(judge('好'.repeat(Math.floor(messageBytesMax / 3) + 1))).toBe('too_long');
  });
});

describe('reading', () => {
  const here = { visible: true, focused: true, atNewest: true };
  it('marks only while visible, focused and at the newest, and only forward', () => {
    expect(markToSend(here, 9, 4, 4)).toBe(9);
    for (const missing of ['visible', 'focused', 'atNewest'] as const)
      expect(markToSend({ ...here, [missing]: false }, 9, 4, 4)).toBeNull();
    expect(markToSend(here, 9, 9, 9)).toBeNull();
    expect(markToSend(here, 9, 4, 9)).toBeNull();
  });
  it('draws the line where the unread begins, and leaves it there', () => {
    expect(lineOnOpening(7, 0)).toBeNull();
    expect(lineOnOpening(7, 2)).toBe(7);
    expect(lineOnNews(null, here, 9)).toBeNull();
    expect(lineOnNews(null, { ...here, focused: false }, 9)).toBe(9);
    expect(lineOnNews(7, { ...here, focused: false }, 9)).toBe(7);
  });
});

describe('typing', () => {
  const signal = (from: string, on: boolean) =>
    ({ type: 'signal', kind: 'typing', stream: 'c1', from, body: { on } }) as const;
  it('is forgotten after its time, by its end, or by the message', () => {
    let typing = withTyping(withTyping(nobodyTyping, signal('p2', true), 0), signal('p3', true), 1_000);
    expect(typingIn(typing, 'c1', 'p3')).toEqual(['p2']);
    expect(expired(typing, 5_999).nextAt).toBe(6_000);
    typing = expired(typing, 6_000).typing;
    expect(typingIn(typing, 'c1', 'p1')).toEqual(['p3']);
    expect(typingIn(withTyping(typing, signal('p3', false), 6_100), 'c1', 'p1')).toEqual([]);
    expect(typingIn(withoutTyping(typing, 'c1', 'p3'), 'c1', 'p1')).toEqual([]);
    expect(expired(typing, 7_000).nextAt).toBeNull();
  });
  it('is told at the first key, again while it goes on, once at the end', () => {
    const clock = new TestClock();
    const told: string[] = [];
    const sender = new TypingSender(clock, (conversation, on) => told.push(`${conversation} ${on}`));
    sender.typed('c1');
    clock.pass(1_000);
    sender.typed('c1');
    expect(told).toEqual(['c1 true']);
    clock.pass(typingRepeatMs);
    sender.typed('c1');
    expect(told).toEqual(['c1 true', 'c1 true']);
    clock.pass(typingIdleMs);
    expect(told.at(-1)).toBe('c1 false');
    sender.typed('c1');
    sender.typed('c2');
    expect(told.slice(-3)).toEqual(['c1 true', 'c1 false', 'c2 true']);
    sender.sent();
    clock.pass(60_000);
    expect(told.at(-1)).toBe('c2 true');
  });
});

describe('presence', () => {
  it('is away after five hidden minutes and online at once when seen', () => {
    const clock = new TestClock();
    const told: string[] = [];
    const idle = new Idle(clock, (state) => told.push(state));
    idle.hidden();
    clock.pass(awayAfterMs - 1);
    idle.visible();
    clock.pass(awayAfterMs);
    expect(told).toEqual([]);
    idle.hidden();
    clock.pass(awayAfterMs);
    idle.visible();
    idle.visible();
    expect(told).toEqual(['away', 'online']);
  });
});

describe('drafts', () => {
  it('outlive the page, for each person and conversation', () => {
    const storage = new TestStorage();
    new Drafts(storage, 'p1').set('c1', '未完');
    expect(new Drafts(storage, 'p1').get('c1')).toBe('未完');
    expect(new Drafts(storage, 'p2').get('c1')).toBe('');
    new Drafts(storage, 'p1').set('c1', '  ');
    expect(new Drafts(storage, 'p1').get('c1')).toBe('');
  });
  it('of two tabs don’t undo each other', () => {
    const storage = new TestStorage();
    const [one, two] = [new Drafts(storage, 'p1'), new Drafts(storage, 'p1')];
    one.set('c1', 'a');
    two.set('c2', 'b');
    one.set('c1', 'aa');
    const fresh = new Drafts(storage, 'p1');
    expect([fresh.get('c1'), fresh.get('c2')]).toEqual(['aa', 'b']);
  });
  it('are bounded, survive rubbish and a full storage, and are forgotten on request', () => {
    const storage = new TestStorage();
    const drafts = new Drafts(storage, 'p1');
    for (let index = 0; index <= draftsMax; index += 1) drafts.set(`c${index}`, 'x');
    expect([drafts.get('c0'), drafts.get(`c${draftsMax}`)]).toEqual(['', 'x']);
    storage.full = true;
    drafts.set('c9', 'y');
    expect(drafts.get('c9')).toBe('y');
    drafts.forget();
    expect(storage.kept.size).toBe(0);
    storage.kept.set('encke.drafts.p1', '{"a":[1');
    expect(new Drafts(storage, 'p1').get('a')).toBe('');
  });
});

describe('preferences', () => {
  it('come back, and fall back one by one', () => {
    const storage = new TestStorage();
    expect(loadPreferences(storage, 'zh-CN')).toEqual({
      language: 'zh-CN',
      theme: 'system',
      ctrlEnter: false,
      transport: 'auto',
    });
    savePreferences(storage, { language: 'en', theme: 'dark', ctrlEnter: true, transport: 'sse' });
    expect(loadPreferences(storage, 'zh-CN')).toEqual({
      language: 'en',
      theme: 'dark',
      ctrlEnter: true,
      transport: 'sse',
    });
    storage.kept.set('encke.preferences', '{"theme":"pink","language":7,"transport":"sse"}');
    expect(loadPreferences(storage, 'en')).toEqual({
      language: 'en',
      theme: 'system',
      ctrlEnter: false,
      transport: 'sse',
    });
    storage.kept.set('encke.preferences', 'null');
    expect(loadPreferences(storage, 'en').theme).toBe('system');
  });
});

describe('the list', () => {
  const site = new Example(person('p1', 'Mei'), person('p2', '林晓雨'));
  site.create('c1', 'room', 'Orbit Design', ['p1', 'p2']);
  site.create('c2', 'direct', null, ['p2', 'p1']);
  site.create('c3', 'room', 'Lunch', ['p1']);
  site.say('c1', 'p2', 'newest');
  const world = fromSnapshot(site.snapshot('p1'));
  const list = sorted(world.conversations.values());
  it('has the newest first and calls a direct conversation by the other', () => {
    expect(list.map((one) => one.id)).toEqual(['c1', 'c3', 'c2']);
    expect(list.map((one) => titleOf(one, world, '?'))).toEqual(['Orbit Design', 'Lunch', '林晓雨']);
  });
  it('finds by any part of the title, two Chinese characters too', () => {
    const search = (query: string): string[] =>
      found(list, query, (one) => titleOf(one, world, '?')).map((one) => one.id);
    expect([search('晓雨'), search('ＤＥＳＩＧＮ'), search(' '), search('none')]).toEqual([
      ['c2'],
      ['c1'],
      ['c1', 'c3', 'c2'],
      [],
    ]);
  });
  it('goes on by the keyboard and stops at its ends', () => {
    expect([
      neighbour(list, 'c1', 1),
      neighbour(list, 'c1', -1),
      neighbour(list, null, 1),
      neighbour(list, null, -1),
      neighbour([], null, 1),
    ]).toEqual(['c3', null, 'c1', 'c2', null]);
  });
});

describe('addresses, keys and waits', () => {
  it('keep the conversation in the hash and take nothing odd from it', () => {
    expect(conversationInHash(hashOf('c12'))).toBe('c12');
    for (const hash of ['', '#/', '#/a/b', '#/<img>', '#c12']) expect(conversationInHash(hash)).toBeNull();
  });
  it('know the shortcuts by the place of the key', () => {
    const press: ShortcutPress = {
      key: '∆',
      code: 'KeyJ',
      altKey: true,
      ctrlKey: false,
      metaKey: false,
      shiftKey: false,
      isComposing: false,
    };
    expect(shortcutOf(press)).toBe('next');
    expect(shortcutOf({ ...press, code: 'KeyK' })).toBe('previous');
    expect(shortcutOf({ ...press, code: 'KeyK', altKey: false, metaKey: true })).toBe('search');
    expect(shortcutOf({ ...press, key: 'Escape', code: 'Escape', altKey: false })).toBe('back');
    expect(
      shortcutOf({ ...press, key: 'Escape', code: 'Escape', altKey: false, isComposing: true }),
    ).toBeNull();
    expect(shortcutOf({ ...press, altKey: false })).toBeNull();
  });
  it('count down to the next try', () => {
    const state = {
      phase: 'waiting',
      transport: 'sse',
      retryAt: 10_000,
      leader: true,
      lastError: null,
    } as const;
    expect([
      retryInSeconds(state, 7_001),
      retryInSeconds(state, 12_000),
      retryInSeconds({ ...state, phase: 'live' }, 0),
    ]).toEqual([3, 0, null]);
  });
});
