import { ApiError, type Draft, type FeedEvent } from '@encke/sdk';
import { TestStorage } from '@encke/ui/testing';
import { describe, expect, it } from 'vitest';
import { draftAgainMs, draftPauseMs, draftSaveMsMax } from '../src/model/draft-sync';
import { Device, Server, settled } from './drafting';

/** Numbers by chance, from a seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A server with a log, as devices follow it. */
class LoggingServer extends Server {
  readonly log: FeedEvent[] = [];
  /** The texts that were saved or sent, so that none appears out of nowhere. */
  readonly texts = new Set<string>();

  override async saveDraft(
    conversation: string,
    draft: { text: string; replyTo: number | null },
  ): Promise<{ at: number }> {
    const before = this.drafts.get(conversation);
    if (before?.text === draft.text) return { at: before.at };
    const answer = await super.saveDraft(conversation, draft);
    const { at } = answer;
    this.texts.add(draft.text);
    this.#tell('draft_changed', { conversation, at }, at);
    return answer;
  }

  override async deleteDraft(conversation: string): Promise<void> {
    const had = this.drafts.has(conversation);
    await super.deleteDraft(conversation);
    if (had) this.#removed(conversation);
  }

  /** A message of the person takes the draft with it, if the device asks for that. */
  sends(conversation: string, clears: boolean): void {
    if (clears && this.drafts.delete(conversation)) this.#removed(conversation);
  }

  #removed(conversation: string): void {
    this.at += 1;
    this.#tell('draft_removed', { conversation }, this.at);
  }

  #tell(kind: string, body: object, at: number): void {
    const seq = this.log.length + 1;
    this.log.push({ kind, stream: 'p1', seq, at, cursor: '', body } as FeedEvent);
  }
}

/** A device that follows the log, loses its connection, and has its page loaded anew. */
class Follower {
  device: Device;
  #read = 0;
  online = true;

  constructor(
    private readonly server: LoggingServer,
    private readonly storage = new TestStorage(),
  ) {
    this.device = new Device(server, storage);
    this.#snapshot();
  }

  async hears(count: number): Promise<void> {
    for (; count > 0 && this.online && this.#read < this.server.log.length; count -= 1) {
      const event = this.server.log[this.#read]!;
      this.#read += 1;
      this.device.sync.happened(event);
      await settled();
    }
  }

  async connects(): Promise<void> {
    this.online = true;
    this.#snapshot();
    await settled();
  }

  /** The page goes, with what it may still send, and comes again. */
  async reloads(): Promise<void> {
    this.device.sync.flush(true);
    this.device.sync.stop();
    await settled();
    this.device = new Device(this.server, this.storage);
    await this.connects();
  }

  #snapshot(): void {
    this.#read = this.server.log.length;
    this.device.sync.took([...this.server.drafts.values()] as Draft[]);
  }
}

async function play(seed: number): Promise<void> {
  const roll = dice(seed);
  const server = new LoggingServer();
  const all = [new Follower(server), new Follower(server), new Follower(server)];
  for (let turn = 0; turn < 60; turn += 1) {
    const follower = all[roll(all.length)]!;
    const { device } = follower;
    const what = roll(11);
    if (what < 3) {
      device.writing = true;
      device.types(`${device.text}${'abc'[roll(3)]}`);
    } else if (what === 3) {
      device.writing = true;
      device.types('');
    } else if (what === 4) {
      // A message goes out in place of what was written.
      if (device.text.trim() === '') continue;
      const clears = device.sync.sent('c1');
      device.drafts.set('c1', '');
      device.sync.changed('c1');
      server.sends('c1', clears);
    } else if (what === 5) {
      device.writing = false;
      device.sync.shown('c1');
    } else if (what === 6) follower.online = false;
    else if (what === 7) await follower.connects();
    else if (what === 8) await follower.reloads();
    else if (what === 9) server.refuses = new ApiError('overloaded', '', true, null, 503);
    else await follower.hears(1 + roll(3));
    await device.passes([0, 300, draftPauseMs, draftSaveMsMax][roll(4)]!);
  }
  // Everybody is back, has stopped writing, and looks at the page.
  server.refuses = null;
  for (let round = 0; round < 4; round += 1) {
    for (const follower of all) {
      follower.device.writing = false;
      if (!follower.online) await follower.connects();
      await follower.device.passes(draftSaveMsMax + draftAgainMs);
      for (const other of all) await other.hears(Infinity);
      follower.device.sync.shown('c1');
      await settled();
    }
  }
  const kept = server.drafts.get('c1')?.text ?? '';
  expect(
    all.map(({ device }) => device.text),
    `seed ${seed}`,
  ).toEqual(all.map(() => kept));
}

describe('a draft on several devices', () => {
  it('is the same on all of them in the end, whatever happened', async () => {
    for (let seed = 1; seed <= 300; seed += 1) await play(seed);
  });
});
