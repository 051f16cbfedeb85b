import { ApiError, type Draft } from '@encke/sdk';
import { TestStorage } from '@encke/ui/testing';
import { describe, expect, it } from 'vitest';
import { draftAgainMs, draftPauseMs, draftSaveMsMax } from '../src/model/draft-sync';
import { Device, Server, settled } from './drafting';

describe('a draft', () => {
  it('is saved after a pause, and now and then while somebody types on', async () => {
    const device = new Device(new Server());
    device.types('a');
    await device.passes(draftPauseMs - 1);
    device.types('ab');
    await device.passes(draftPauseMs - 1);
    expect(device.server.asked).toEqual([]);
    await device.passes(1);
    expect(device.server.asked).toEqual(['put c1 ab']);
    for (let ms = 0; ms < draftSaveMsMax; ms += 1_000) {
      device.types(`ab${ms}`);
      await device.passes(1_000);
    }
    expect(device.server.asked.length).toBe(2);
  });

  it('is saved at once when it is left, and deleted when it is emptied', async () => {
    const device = new Device(new Server());
    device.types('a');
    device.sync.flush();
    await settled();
    device.types('');
    device.sync.flush();
    await settled();
    expect(device.server.asked).toEqual(['put c1 a', 'delete c1']);
  });

  it('comes from elsewhere, and not by its own event', async () => {
    const device = new Device(new Server());
    device.types('mine');
    await device.passes(draftPauseMs);
    await device.hears('draft_changed', 101);
    expect(device.server.asked).toEqual(['put c1 mine']);
    await device.server.saveDraft('c1', { text: 'theirs', replyTo: null });
    await device.hears('draft_changed', 102);
    expect([device.text, device.filled]).toEqual(['theirs', 1]);
    await device.hears('draft_removed', 103);
    expect([device.text, device.filled]).toEqual(['', 2]);
  });

  it('never replaces what is being written, and is taken when it is looked at again', async () => {
    const device = new Device(new Server());
    device.types('mine');
    await device.passes(draftPauseMs);
    device.writing = true;
    await device.server.saveDraft('c1', { text: 'theirs', replyTo: null });
    await device.hears('draft_changed', 102);
    expect(device.text).toBe('mine');
    device.types('mine!');
    await device.hears('draft_removed', 103);
    expect(device.text).toBe('mine!');
    await device.passes(draftPauseMs);
    expect(device.server.drafts.get('c1')?.text).toBe('mine!');
    await device.server.saveDraft('c1', { text: 'theirs again', replyTo: null });
    await device.hears('draft_changed', 104);
    expect(device.text).toBe('mine!');
    device.writing = false;
    device.sync.shown('c1');
    await settled();
    expect(device.text).toBe('theirs again');
  });

  it('goes with a message that is sent before the server has said which drafts it has', async () => {
    const device = new Device(new Server());
    await device.server.saveDraft('c1', { text: 'sent by now', replyTo: null });
    expect(device.sync.sent('c1')).toBe(true);
    device.sending = true;
    device.sync.took([...device.server.drafts.values()]);
    expect([device.text, device.filled]).toEqual(['', 0]);
    device.sending = false;
    await device.hears('draft_removed', 102);
    expect(device.text).toBe('');
    expect(device.sync.sent('c1')).toBe(false);
  });

  it('waits for a message on its way, which takes the one before it with it', async () => {
    const device = new Device(new Server());
    device.sync.took([]);
    expect(device.sync.sent('c1')).toBe(false);
    device.types('said');
    await device.passes(draftPauseMs);
    expect(device.sync.sent('c1')).toBe(true);
    device.sending = true;
    device.types('');
    device.types('next');
    await device.passes(draftPauseMs);
    expect(device.server.asked).toEqual(['put c1 said']);
    device.sending = false;
    await device.hears('draft_removed', 102);
    device.server.at = 102;
    await device.passes(draftPauseMs);
    expect([device.text, device.server.drafts.get('c1')?.text]).toEqual(['next', 'next']);
    // An event that is older than what was saved since removes nothing.
    await device.hears('draft_removed', 102);
    expect(device.text).toBe('next');
  });

  it('that was sent elsewhere before its own answer came is gone', async () => {
    const device = new Device(new Server());
    let answer = (): void => undefined;
    device.server.held = new Promise((resolve) => (answer = resolve));
    device.types('mine');
    await device.passes(draftPauseMs);
    await device.hears('draft_removed', 150);
    expect(device.text).toBe('mine');
    answer();
    await settled();
    expect([device.text, device.filled]).toEqual(['', 1]);
  });

  it('leaves nothing on the device of somebody who has signed out', async () => {
    const device = new Device(new Server());
    let answer = (): void => undefined;
    device.server.held = new Promise((resolve) => (answer = resolve));
    device.types('mine');
    device.sync.flush(true);
    await settled();
    device.drafts.forget();
    device.sync.stop();
    answer();
    await settled();
    expect(device.drafts.all().size).toBe(0);
  });

  it('is tried again while the server is away, and left here if it is refused', async () => {
    const device = new Device(new Server());
    device.server.refuses = new ApiError('network', '', true, null, 0);
    device.types('a');
    await device.passes(draftPauseMs);
    await device.passes(draftAgainMs);
    expect(device.server.asked).toEqual(['put c1 a', 'put c1 a']);
    device.server.refuses = new ApiError('conflict', '', false, null, 409);
    device.types('b');
    await device.passes(draftPauseMs);
    await device.passes(draftAgainMs);
    expect([device.server.asked.length, device.text]).toEqual([3, 'b']);
  });
});

describe('all drafts of the server', () => {
  const draft = (text: string, at: number): Draft => ({ conversation: 'c1', text, at });

  it('fill what is empty or old, and remove what was sent elsewhere', async () => {
    const storage = new TestStorage();
    const device = new Device(new Server(), storage);
    device.sync.took([draft('one', 7)]);
    expect(device.text).toBe('one');
    const again = new Device(new Server(), storage);
    again.sync.took([draft('one', 7)]);
    expect(again.filled).toBe(0);
    again.sync.took([draft('two', 8)]);
    expect([again.text, again.filled]).toEqual(['two', 1]);
    again.sync.took([]);
    expect(again.text).toBe('');
  });

  it('lose nothing of what was begun here before', async () => {
    const device = new Device(new Server());
    device.drafts.set('c1', 'from here');
    device.sync.took([]);
    expect(device.text).toBe('from here');
    device.sync.shown('c1');
    await device.passes(draftPauseMs);
    expect(device.server.asked).toEqual(['put c1 from here']);

    const other = new Device(new Server());
    other.drafts.set('c1', 'from here');
    other.sync.took([draft('from there', 7)]);
    expect(other.text).toBe('from there\n\nfrom here');
    await other.passes(draftPauseMs);
    expect(other.server.asked).toEqual(['put c1 from there\n\nfrom here']);
  });
});
