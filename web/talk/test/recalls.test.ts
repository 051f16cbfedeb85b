import { describe, expect, it } from 'vitest';
import { ApiError, type EventOf } from '@encke/sdk';
import { TestClock, TestStorage } from '@encke/ui/testing';
import { recallKey, recallPauseMs, recallRetryMs, Recalls } from '../src/model/recalls';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('a recall', () => {
  it('waits for some seconds, in which it can be undone', async () => {
    const { recalls, clock, sent, offers, waiting } = page();
    recalls.ask('c1', 2);
    recalls.ask('c1', 3);
    recalls.ask('c1', 3);
    expect(offers).toHaveLength(2);
    expect([...waiting()]).toEqual([recallKey('c1', 2), recallKey('c1', 3)]);
    offers[0]?.undo();
    expect(offers[0]?.ended).toBe(true);
    clock.pass(recallPauseMs - 1);
    await settled();
    expect(sent).toEqual([]);
    clock.pass(1);
    await settled();
    expect(sent).toEqual(['c1/3']);
    expect(recalls.undoLast()).toBe(false);
    expect(offers[1]?.ended).toBe(true);
  });

  it('ends with its event, or with a snapshot that came after the answer', async () => {
    const { recalls, clock, waiting } = page();
    recalls.ask('c1', 2);
    recalls.ask('c1', 3);
    recalls.happened(recalled('a1', 2));
    expect([...waiting()]).toEqual(['c1/3']);
    recalls.took();
    expect([...waiting()]).toEqual(['c1/3']);
    clock.pass(recallPauseMs);
    await settled();
    expect([...waiting()]).toEqual(['c1/3']);
    recalls.took();
    expect([...waiting()]).toEqual([]);
  });

  it('is sent when the page is left, and by the next page if that is not known to have worked', async () => {
    const { recalls, storage, sent, fail } = page();
    fail(ApiError.local('network', 'gone', true));
    recalls.ask('c1', 2);
    await recalls.leave();
    expect(sent).toEqual(['c1/2']);
    const next = page(storage);
    next.recalls.start();
    await settled();
    expect(next.sent).toEqual(['c1/2']);
    const last = page(storage);
    last.recalls.start();
    await settled();
    expect(last.sent).toEqual([]);
  });

  it('is tried again after a failure, and given up when the server refuses it', async () => {
    const { recalls, clock, sent, fail, refused, waiting } = page();
    recalls.ask('c1', 2);
    fail(ApiError.local('network', 'gone', true));
    clock.pass(recallPauseMs);
    await settled();
    expect(recalls.undo('c1', 2)).toBe(false);
    fail(new ApiError('not_yours', 'no', false, null, 403));
    clock.pass(recallRetryMs);
    await settled();
    expect(sent).toEqual(['c1/2', 'c1/2']);
    expect(refused).toHaveLength(1);
    expect([...waiting()]).toEqual([]);
  });

  it('is not believed when the storage holds something else', () => {
    for (const text of ['null', '{', '[1,["c1"],["c1","2"]]']) {
      const storage = new TestStorage();
      storage.kept.set('encke.recalls.p1', text);
      const { recalls, sent } = page(storage);
      recalls.start();
      expect(sent).toEqual([]);
    }
  });
});

function page(storage = new TestStorage()) {
  const clock = new TestClock();
  const sent: string[] = [];
  const offers: { undo: () => void; ended: boolean }[] = [];
  const refused: unknown[] = [];
  let now: ReadonlySet<string> = new Set();
  let failure: ApiError | null = null;
  const recalls = new Recalls({
    api: {
      recall: (id, seq) => {
        sent.push(`${id}/${seq}`);
        return failure === null ? Promise.resolve() : Promise.reject(failure);
      },
    },
    clock,
    storage,
    person: 'p1',
    offer: (undo) => {
      const offer = { undo, ended: false };
      offers.push(offer);
      return () => (offer.ended = true);
    },
    refused: (error) => refused.push(error),
    changed: (waiting) => (now = waiting),
  });
  const fail = (error: ApiError | null): void => void (failure = error);
  return { recalls, clock, storage, sent, offers, refused, fail, waiting: () => now };
}

function recalled(stream: string, message: number): EventOf<'recalled'> {
  return {
    type: 'event',
    cursor: 'e.1',
    stream,
    seq: 1,
    at: 0,
    from: 'p1',
    kind: 'recalled',
    body: { message },
  };
}
