import { describe, expect, it } from 'vitest';
import { ApiError, type FeedEvent, type Invitation, type Snapshot } from '@encke/sdk';
import { TestClock } from '@encke/ui/testing';
import { FurtherInvitations } from '../src/model/invitations';
import { applyEvent, fromSnapshot, withInvitations, type World } from '../src/model/world';
import { Example, person } from './example';

const invitation = (conversation: string, at = 1): Invitation => ({
  conversation,
  title: conversation,
  by: person('p2'),
  at,
});
const gone = (conversation: string): FeedEvent =>
  ({ kind: 'invitation_gone', stream: 'p1', seq: 1, body: { conversation } }) as unknown as FeedEvent;
const invited = (conversation: string): FeedEvent =>
  ({
    kind: 'invited',
    stream: 'p1',
    seq: 1,
    body: { invitation: invitation(conversation, 9) },
  }) as unknown as FeedEvent;

/** A world with a part of its invitations, and requests whose answers the test owns. */
class Page {
  readonly clock = new TestClock();
  readonly requests: { answer(...ids: string[]): Promise<void>; fail(error: ApiError): Promise<void> }[] = [];
  readonly further = new FurtherInvitations({
    api: { invitations: () => this.#asked() },
    clock: this.clock,
    came: (all) => (this.world = withInvitations(this.world, all)),
  });
  world: World = fromSnapshot(this.snapshot([]));

  snapshot(shown: string[], invitations_more = false): Snapshot {
    const invitations = shown.map((id) => invitation(id));
    return { ...new Example(person('p1')).snapshot('p1'), invitations, invitations_more };
  }

  took(shown: string[], more: boolean): void {
    const snapshot = this.snapshot(shown, more);
    this.world = fromSnapshot(snapshot);
    this.further.took(snapshot);
  }

  happened(event: FeedEvent): void {
    this.world = applyEvent(this.world, event);
    if (event.kind === 'invitation_gone') this.further.gone(event.body.conversation);
  }

  get shown(): string[] {
    return [...this.world.invitations.keys()];
  }

  #asked(): Promise<{ invitations: Invitation[] }> {
    return new Promise((resolve, reject) => {
      this.requests.push({
        answer: async (...ids) => {
          resolve({ invitations: ids.map((id) => invitation(id)) });
          await settled();
        },
        fail: async (error) => {
          reject(error);
          await settled();
        },
      });
    });
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('invitations that a snapshot leaves out', () => {
  it('are asked for, and only if there are any', async () => {
    const page = new Page();
    page.took(['c1'], false);
    expect(page.requests).toHaveLength(0);
    page.took(['c1'], true);
    await page.requests[0]!.answer('c1', 'c2', 'c3');
    expect(page.shown).toEqual(['c1', 'c2', 'c3']);
    expect(page.requests).toHaveLength(1);
  });

  it('stay away if an event took them back while the answer was on its way', async () => {
    const page = new Page();
    page.took(['c1'], true);
    page.happened(gone('c1'));
    page.happened(gone('c3'));
    page.happened(invited('c4'));
    await page.requests[0]!.answer('c1', 'c2', 'c3');
    expect(page.shown).toEqual(['c2', 'c4']);
  });

  it('of an older snapshot are thrown away', async () => {
    const page = new Page();
    page.took(['c1'], true);
    page.took(['c2'], false);
    await page.requests[0]!.answer('c1', 'c3');
    expect(page.shown).toEqual(['c2']);
    page.further.stop();
    page.took(['c1'], true);
    page.further.stop();
    await page.requests[1]!.answer('c1', 'c3');
    expect(page.shown).toEqual(['c1']);
  });

  it('are asked for again after a failure that may pass, with longer and longer pauses', async () => {
    const page = new Page();
    page.took(['c1'], true);
    await page.requests[0]!.fail(ApiError.local('network', 'gone', true));
    page.clock.pass(999);
    expect(page.requests).toHaveLength(1);
    page.clock.pass(1);
    await page.requests[1]!.fail(new ApiError('rate_limited', 'slowly', true, 7_000, 429));
    page.clock.pass(6_999);
    expect(page.requests).toHaveLength(2);
    page.clock.pass(1);
    await page.requests[2]!.answer('c1', 'c2');
    expect(page.shown).toEqual(['c1', 'c2']);
    page.took(['c1'], true);
    await page.requests[3]!.fail(new ApiError('not_signed_in', 'no', false, null, 401));
    page.clock.pass(60_000);
    expect(page.requests).toHaveLength(4);
  });
});
