import type { EnckeClient, FeedEvent, Quiet } from '@encke/sdk';
import { PeopleApi } from '@encke/sdk/people';
import { calledOf, mentionedName, mentions, tells, type Talk } from '@encke/talk/state';
import { PushSwitch } from '@encke/shell/push';
import type { Shell } from '@encke/shell/state';
import { plainText } from '@encke/ui/plain';
import { vocabulary } from '../i18n/words';
import { hashOf } from '../model/route';
import { chime } from '@encke/shell/chime';
import { isLookedAt, lookAt } from '../model/looked-at';
import { isQuiet } from '../model/quiet';

/** Characters of a message in a notification. */
const textCharsMax = 240;

/** How a person is told of messages that it does not see: by this page while it is hidden, by the browser while none is open. */
export class Noticing {
  /** What tells while no page is open. */
  readonly push: PushSwitch;
  /** Whether the browser lets this page show notifications. */
  allowed = $state('Notification' in window && Notification.permission === 'granted');

  /** The times at which the person is not notified of anything, as all its devices have them. */
  quiet: Quiet = $state.raw({});

  #undo: (() => void)[] = [];
  #lookAway: () => void = () => undefined;

  constructor(
    private readonly shell: Shell,
    client: EnckeClient,
  ) {
    this.push = new PushSwitch(shell, 'worker.js');
    this.#undo = [
      client.on('event', (event) => {
        if (event.kind === 'quiet_changed') this.quiet = event.body.quiet;
      }),
      // What changed while this page was away may be in no event.
      client.on('snapshot', () => void this.#askQuiet()),
    ];
    void this.#askQuiet();
    this.seen(document.hasFocus());
  }

  /** Called when the person is no longer signed in. */
  end(): void {
    this.#lookAway();
    for (const undo of this.#undo) undo();
    this.push.end();
  }

  /** Turns notifications on or off while no page is open. */
  async turn(on: boolean): Promise<void> {
    await this.push.turn(on);
    this.allowed = 'Notification' in window && Notification.permission === 'granted';
  }

  async setQuiet(quiet: Quiet): Promise<void> {
    await this.shell.attempt(async () => {
      this.quiet = await new PeopleApi(this.shell.api).setQuiet(quiet);
    });
  }

  /** Turns notifications of a hidden page on or off. */
  async turnHidden(on: boolean): Promise<void> {
    if (on && 'Notification' in window) this.allowed = (await Notification.requestPermission()) === 'granted';
    this.shell.preferences.change({ hiddenNotices: on && this.allowed });
  }

  /** Called when the person begins or ends to look at this page. */
  seen(now: boolean): void {
    this.#lookAway();
    this.#lookAway = now ? lookAt(navigator.locks) : () => undefined;
  }

  /** Tells of a message, unless the person looks at a page of the site. */
  async tell(talk: Talk, event: FeedEvent): Promise<void> {
    const { hiddenNotices, sound } = this.shell.preferences.current;
    if (event.kind !== 'message' || talk.world === null) return;
    const conversation = talk.world.conversations.get(event.stream);
    if (talk.world.blocked.has(event.from ?? '')) return;
    const mentioned = mentions(event, talk.world.me.id);
    if (conversation !== undefined && !tells(conversation, mentioned, Date.now())) return;
    if (isQuiet(this.quiet, Date.now())) return;
    if ((!sound && !hiddenNotices) || document.hasFocus() || (await isLookedAt(navigator.locks))) return;
    if (sound) chime();
    if (!hiddenNotices || !this.allowed) return;
    const { world, words } = talk;
    const from = calledOf(world, event.from ?? '', words);
    const beginning = event.body.text.slice(0, textCharsMax);
    const text = plainText(beginning, (person) => mentionedName(world, person, words));
    const house = world.conversations.get(conversation?.parent?.conversation ?? '') ?? conversation;
    const title = house?.title ? `${from} · ${house.title}` : from;
    const body = text || vocabulary.in(this.#language).noticing.file;
    const options = { body, tag: event.stream, lang: this.#language, icon: 'icons/192.png' };
    await this.#show(title, options, event.stream, event.seq);
  }

  get #language(): 'en' | 'zh-CN' {
    return this.shell.preferences.current.language;
  }

  async #askQuiet(): Promise<void> {
    await new PeopleApi(this.shell.api).quiet().then(
      (quiet) => (this.quiet = quiet),
      () => undefined,
    );
  }

  async #show(title: string, options: NotificationOptions, conversation: string, seq: number): Promise<void> {
    try {
      const shown = new Notification(title, options);
      shown.onclick = () => {
        window.focus();
        location.hash = hashOf(conversation, seq);
        shown.close();
      };
    } catch {
      // Phones show notifications by the service worker alone.
      const registration = await navigator.serviceWorker?.getRegistration();
      await registration?.showNotification(title, { ...options, data: { conversation, seq } });
    }
  }
}
