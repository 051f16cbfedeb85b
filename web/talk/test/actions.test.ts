import { describe, expect, it } from 'vitest';
import { actionOfKey, actionsFor, lastOwn } from '../src/model/actions';
import { rowsOf, type MessageRow } from '../src/model/rows';
import { quickEmoji } from '../src/model/recent-emoji';
import { Example, person } from './example';

const site = new Example(person('p1'), person('p2'));
site.create('c1', 'room', 'Orbit', ['p1', 'p2']);
site.say('c1', 'p1', 'mine');
site.say('c1', 'p2', 'theirs');
const conversation = site.conversation('c1', 'p1');
const events = site.log.filter((event) => event.stream === 'c1');
const message = events.find((event) => event.kind === 'message')?.seq ?? 0;
const rows = rowsOf({
  events,
  outgoing: [],
  conversation,
  me: 'p1',
  amended: new Map([[message, { message, text: 'new', edits: 1, edited_at: 5, pinned: true }]]),
  hidden: new Set(),
  newAfter: null,
});
const [mine, theirs] = rows.filter((row): row is MessageRow => row.kind === 'message');

describe('what can be done with a message', () => {
  it('depends on who wrote it and on who moderates', () => {
    expect(mine && actionsFor(mine, { ...conversation, role: 'member' })).toEqual([
      'reply',
      'thread',
      'react',
      'edit',
      'history',
      'copy',
      'link',
      'forward',
      'hide',
      'recall',
    ]);
    expect(theirs && actionsFor(theirs, { ...conversation, role: 'member' })).toEqual([
      'reply',
      'thread',
      'react',
      'copy',
      'link',
      'forward',
      'hide',
      'report',
    ]);
    expect(theirs && actionsFor(theirs, { ...conversation, kind: 'direct' })).toContain('pin');
    expect(mine && actionsFor(mine, { ...conversation, role: 'owner' })).toContain('unpin');
    expect(theirs && actionsFor(theirs, { ...conversation, role: 'owner' })).toContain('recall');
    expect(mine && actionsFor(mine, conversation, true)).toEqual(['undo']);
    expect(mine && actionsFor(mine, { ...conversation, kind: 'thread' })).not.toContain('thread');
    expect(theirs && actionsFor(theirs, { ...conversation, kind: 'thread', role: 'moderator' })).toContain(
      'recall',
    );
    expect(theirs && actionsFor(theirs, conversation, false, false)).toContain('star');
    expect(theirs && actionsFor(theirs, conversation, false, true)).toContain('unstar');
    const answer = mine && { ...mine, event: { ...mine.event, body: { text: 'so', reply_to: 2 } } };
    expect(answer && actionsFor(answer, conversation)).toContain('original');
    const forwarded = { from: 'p2', name: 'Ada', at: 1 };
    const copy = mine && { ...mine, event: { ...mine.event, body: { text: 'so', forwarded } } };
    expect(copy && actionsFor(copy, conversation)).not.toContain('edit');
  });
  it('has keys, but not those that a browser or an input method needs', () => {
    const press = { key: 'e', ctrlKey: false, metaKey: false, altKey: false, isComposing: false };
    expect(actionOfKey(press, ['edit'])).toBe('edit');
    expect(actionOfKey(press, ['copy'])).toBeNull();
    expect(actionOfKey({ ...press, ctrlKey: true }, ['edit'])).toBeNull();
    expect(actionOfKey({ ...press, isComposing: true }, ['edit'])).toBeNull();
    expect(actionOfKey({ ...press, key: 'Enter' }, [])).toBe('menu');
  });
  it('shows the text that it has now, which is the one to be edited', () => {
    expect(lastOwn(rows)?.text).toBe('new');
    expect(lastOwn([])).toBeNull();
  });
  it('offers the emoji that were used last first', () => {
    expect(quickEmoji(['🍕'])[0]).toBe('🍕');
    expect(quickEmoji(['👍'])).toHaveLength(6);
    expect(new Set(quickEmoji(['👍', '❤️'])).size).toBe(6);
  });
});
