import { describe, expect, it } from 'vitest';
import { TestClock, TestStorage } from '@encke/ui/testing';
import { judge, messageBytesMax, sends, type KeyPress } from '../src/model/composing';
import { neighbour, sorted, titled, titleOf } from '../src/model/directory';
import { Drafts, draftsMax } from '../src/model/drafts';
import { lineOnNews, lineOnOpening, markToSend } from '../src/model/reading';
import { expired, nobodyTyping, typingIn, withTyping, withoutTyping } from '../src/model/typing';
import { TypingSender, typingIdleMs, typingRepeatMs } from '../src/model/typing-sender';
import { fromSnapshot } from '../src/model/world';
import { Example, person } from './example';

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

describe('drafts', () => {
  it('outlive the page, for each person and conversation', () => {
    const storage = new TestStorage();
    new Drafts(storage, 'p1').set('c1', '未完');
    expect(new Drafts(storage, 'p1').get('c1')).toBe('未完');
    expect(new Drafts(storage, 'p2').get('c1')).toBe('');
    new Drafts(storage, 'p1').set('c1', '未完', 7);
    expect(new Drafts(storage, 'p1').replyTo('c1')).toBe(7);
    new Drafts(storage, 'p1').set('c1', '', 8);
    expect(new Drafts(storage, 'p1').replyTo('c1')).toBe(8);
    new Drafts(storage, 'p1').set('c1', '  ');
    expect(new Drafts(storage, 'p1').replyTo('c1')).toBeNull();
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
      list.filter(titled(query, (one) => titleOf(one, world, '?'))).map((one) => one.id);
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
