import { describe, expect, it } from 'vitest';
import type { FeedEvent } from '@encke/sdk';
import { systemLine } from '../src/i18n/describe';
import { en } from '../src/i18n/en';
import {
  erased,
  noAmendments,
  withAmended,
  withAmendment,
  withoutRecalled,
  type AmendingEvent,
} from '../src/model/amendments';
import { HeldEvents, isQuiet } from '../src/model/held';
import { applyEvent, fromSnapshot } from '../src/model/world';
import { Example, person } from './example';

const secret = 'lighthouse';

/** A room in which a message was said, edited and recalled. */
function recalledIn(site: Example): { said: FeedEvent; edit: AmendingEvent; recall: AmendingEvent } {
  site.create('c1', 'room', 'Orbit', ['p1', 'p2']);
  const said = site.say('c1', 'p2', secret);
  const edit = site.append('a1', 'edited', 'p2', { message: said.seq, text: `${secret}s`, edits: 1 });
  const recall = site.append('a1', 'recalled', 'p2', { message: said.seq });
  return { said, edit, recall };
}

const holds = (what: unknown): boolean => JSON.stringify(what).includes(secret);

describe('a recalled message', () => {
  const site = new Example(person('p1'), person('p2'));
  const { said, edit, recall } = recalledIn(site);
  const edited = withAmendment(noAmendments, edit, 'p1');
  const now = withAmendment(edited, recall, 'p1');

  it('leaves no text in what is kept of amendments', () => {
    expect(holds([...edited.messages])).toBe(true);
    expect([...now.messages, now.held].filter(holds)).toEqual([]);
    expect(now.seq).toBe(recall.seq);
  });

  it('does not come back with an answer that is older', () => {
    const amended = [{ message: said.seq, text: `${secret}s`, edits: 1, edited_at: edit.at }];
    const page = { events: [said], amended, amendments_seq: edit.seq };
    expect([...withAmended(now, page, 'p1').messages]).toEqual([]);
    expect(withoutRecalled(now, page.events)).toEqual([erased(said)]);
    expect(withoutRecalled(edited, page.events)).toEqual([said]);
  });

  it('keeps its place in the thread and says so', () => {
    const world = fromSnapshot(site.snapshot('p1'));
    const place = erased(said);
    expect([place.seq, place.from, place.kind, holds(place)]).toEqual([said.seq, 'p2', 'erased', false]);
    const conversation = world.conversations.get('c1')!;
    expect(systemLine(place, conversation, world, en)).toBe('A message from p2 was recalled');
  });

  it('is gone from the list, and moves neither unread nor head', () => {
    const before = applyEvent(fromSnapshot(site.snapshot('p1')), edit);
    const after = applyEvent(before, recall).conversations.get('c1')!;
    expect(after.last?.kind).toBe('erased');
    const { unread, head_seq } = before.conversations.get('c1')!;
    expect([after.unread, after.head_seq]).toEqual([unread, head_seq]);
  });

  it('leaves no text in events that wait for their conversation', () => {
    const held = new HeldEvents();
    for (const event of [said, edit, recall]) held.hold('c1', event);
    expect(held.of('c1').map(({ kind }) => kind)).toEqual(['erased', 'erased', 'recalled']);
    expect(holds(held.of('c1'))).toBe(false);
  });

  it('whose edit comes erased moves no conversation', () => {
    const world = fromSnapshot(site.snapshot('p1'));
    expect(isQuiet(erased(edit))).toBe(true);
    const after = applyEvent(world, erased(edit));
    expect(after.conversations).toEqual(world.conversations);
  });
});
