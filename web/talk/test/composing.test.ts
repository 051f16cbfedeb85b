import { describe, expect, it } from 'vitest';
import { TestStorage } from '@encke/ui/testing';
import { askedAt, movedOption } from '../src/model/completion';
import { foundEmoji, loadEmoji } from '../src/model/emoji';
import { marked, markOf } from '../src/model/formatting';
import { calledBy, decoded, encoded } from '../src/model/mentions';
import { keepRecentEmoji, recentEmojiIn, recentEmojiMax, withRecent } from '../src/model/recent-emoji';

const people = [
  { id: 'p1', name: 'Anna' },
  { id: 'p2', name: 'Annabel Lee' },
  { id: 'p3', name: '林晓雨' },
];

describe('the word that is to be completed', () => {
  const asked = (text: string): string | null => {
    const found = askedAt(text, text.length);
    return found && `${found.kind} ${found.query} ${found.start}`;
  };
  it('is a name after @, or two letters after a colon', () => {
    expect(asked('hi @')).toBe('person  3');
    expect(asked('hi @an')).toBe('person an 3');
    expect(asked('你好@晓')).toBe('person 晓 2');
    expect(asked(':sm')).toBe('emoji sm 0');
    expect(asked('好:笑脸')).toBe('emoji 笑脸 1');
  });
  it('is none in an address, a time or a smiley', () => {
    for (const text of ['a@b', 'see https://x', 'at 10:30', ':)', ':s', 'hi @an ', ''])
      expect(asked(text), text).toBeNull();
  });
  it('lets arrows go round', () => {
    expect([movedOption('ArrowDown', 2, 3), movedOption('ArrowUp', 0, 3), movedOption('a', 0, 3)]).toEqual([
      0,
      2,
      null,
    ]);
  });
});

describe('people who are called', () => {
  it('have ids in the log and names on screen', () => {
    const text = 'Hi @Anna, @Annabel Lee and @林晓雨你好';
    const log = encoded(text, people);
    expect(log).toBe('Hi <@p1>, <@p2> and <@p3>你好');
    expect(decoded(log, (id) => people.find((each) => each.id === id)?.name ?? '?')).toBe(text);
  });
  it('are not meant by another word, an address or what is written as in the log', () => {
    for (const text of ['@Annas', 'me@Anna', '<@p9>', '@', '@Bo'])
      expect(encoded(text, people), text).toBe(text);
  });
  it('are found by each word of a name', () => {
    expect(calledBy('le', people, 8).map(({ id }) => id)).toEqual(['p2']);
    expect(calledBy('an', people, 8).map(({ id }) => id)).toEqual(['p1', 'p2']);
    expect(calledBy('晓', people, 8).map(({ id }) => id)).toEqual(['p3']);
    expect(calledBy('', people, 2)).toHaveLength(2);
  });
});

describe('emoji', () => {
  it('are found in English, in Chinese and by short name', async () => {
    const all = await loadEmoji();
    expect(all.length).toBeGreaterThan(1500);
    const first = (query: string): string | undefined => foundEmoji(all, query, 5)[0]?.emoji;
    expect(first('tada')).toBe('🎉');
    expect(first('pizza')).toBe('🍕');
    expect(first('披萨')).toBe('🍕');
    expect(first('heart_eyes')).toBe('😍');
    // As keyboards type it, so that the same reaction is one reaction.
    expect(first('thumbs up')).toBe('👍');
    expect(foundEmoji(all, 'zzzzz', 5)).toEqual([]);
    expect(foundEmoji(all, '  ', 5)).toEqual([]);
  });
  it('that were chosen last come first, each once', () => {
    const storage = new TestStorage();
    let recent = recentEmojiIn(storage);
    for (let index = 0; index < recentEmojiMax + 5; index += 1) recent = withRecent(recent, `e${index}`);
    recent = withRecent(recent, 'e10');
    keepRecentEmoji(storage, recent);
    expect(recentEmojiIn(storage)).toEqual(recent);
    expect(recent).toHaveLength(recentEmojiMax);
    expect(recent.slice(0, 2)).toEqual(['e10', `e${recentEmojiMax + 4}`]);
    storage.full = true;
    expect(() => keepRecentEmoji(storage, [])).not.toThrow();
  });
});

describe('keys that format', () => {
  const press = {
    code: 'KeyB',
    ctrlKey: true,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    isComposing: false,
  };
  it('ask for a mark, never while an input method composes', () => {
    expect(markOf(press)).toBe('**');
    expect(markOf({ ...press, code: 'KeyI', ctrlKey: false, metaKey: true })).toBe('_');
    expect(markOf({ ...press, isComposing: true })).toBeNull();
    expect(markOf({ ...press, ctrlKey: false })).toBeNull();
  });
  it('put marks around what is selected, and take them away again', () => {
    const text = 'say hello now';
    const edit = marked({ text, start: 4, end: 10 }, '**');
    expect(edit).toEqual({ from: 4, to: 9, insert: '**hello**', start: 6, end: 11 });
    const bold = 'say **hello** now';
    expect(marked({ text: bold, start: 6, end: 11 }, '**')).toEqual({
      from: 4,
      to: 13,
      insert: 'hello',
      start: 4,
      end: 9,
    });
    expect(marked({ text: '', start: 0, end: 0 }, '_')).toEqual({
      from: 0,
      to: 0,
      insert: '__',
      start: 1,
      end: 1,
    });
  });
});
