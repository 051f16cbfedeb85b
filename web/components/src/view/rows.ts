/* The lines of a conversation. */
import type { Conversation, FeedEvent, Outgoing } from '@encke/sdk';
import type { MessageRow, Row } from '@encke/talk/plain';
import { isEmojiOnly, plainText } from '@encke/ui/plain';
import { h } from '@encke/ui/elements';
import { avatar } from './avatar';
import { fileView } from './files';
import { rich } from './rich';
import { nameIn, type Screen } from './screen';

/** Letters of a message that is quoted. */
const quoteLettersMax = 90;

export interface RowActions {
  reply(seq: number): void;
  /** Whether this person may write here. */
  readonly writes: boolean;
}

/** A line is drawn again when this is another. `last`: the key of the person's newest message, which shows how far it has got. */
export function signOf(row: Row, screen: Screen, last: string, writes: boolean): string {
  const person = row.kind === 'message' ? screen.signedIn.world?.people.get(row.event.from ?? '') : null;
  const who = [person?.display_name, person?.picture];
  const reach = row.kind === 'message' && row.key === last ? row.reach : null;
  return JSON.stringify([{ ...row, reach }, who, screen.locale, row.key === last, writes]);
}

export function rowView(row: Row, screen: Screen, last: string, actions: RowActions): HTMLElement {
  const { words, format } = screen;
  switch (row.kind) {
    case 'day':
      return line('day', format.day(row.at, Date.now()));
    case 'new':
      return line('new', words.newMessages);
    case 'message':
      return messageView(row, screen, last, actions);
    case 'outgoing':
      return outgoingView(row.outgoing, row.first, screen);
    default:
      return line('system', row.kind === 'system' ? systemLine(row.event, screen) : '');
  }
}

function line(kind: string, text: string): HTMLElement {
  return h('p', { class: `line ${kind}`, part: `line ${kind}` }, h('span', {}, text));
}

/** What happened besides messages, as far as it matters here; '' for all else, which is not shown. */
export function systemLine(event: FeedEvent, screen: Screen): string {
  const { words } = screen;
  switch (event.kind) {
    case 'member_joined':
      return words.joined(
        event.body.person.id === screen.signedIn.me ? words.you : event.body.person.display_name,
      );
    case 'member_left':
      return words.left(nameIn(screen, event.body.person));
    case 'changed':
      return typeof event.body.title === 'string'
        ? words.renamed(nameIn(screen, event.body.by), event.body.title)
        : '';
    case 'erased':
      return event.from === undefined ? words.gone : words.recalled;
    default:
      return '';
  }
}

function messageView(row: MessageRow, screen: Screen, last: string, actions: RowActions): HTMLElement {
  const { event, own, first, text, amended } = row;
  const { words, format, signedIn } = screen;
  const from = event.from ?? '';
  const name = nameIn(screen, from);
  const person = signedIn.world?.people.get(from);
  const face = { id: from, name, picture: person?.picture ?? null };
  const element = h('article', {
    class: `row ${own ? 'mine' : 'theirs'}${first ? ' first' : ''}`,
    part: own ? 'message own' : 'message',
    'aria-label': name,
  });
  if (!own) element.append(first ? avatar(face, signedIn.pictures) : h('span', { class: 'no-avatar' }));
  const column = h('div', { class: 'column' });
  if (first && !own) column.append(h('span', { class: 'name', part: 'name' }, h('bdi', {}, name)));
  const { files = [], reply_to: replyTo, poll } = event.body;
  const quoted = replyTo === undefined ? null : quote(event.stream, replyTo, screen);
  const title = poll === undefined ? null : h('span', { class: 'poll' }, words.poll);
  column.append(
    bubble(
      text,
      screen,
      quoted,
      title,
      files.map((file) => fileView(file, screen)),
    ),
  );
  const reactions = amended?.reactions ?? [];
  if (reactions.length > 0)
    column.append(
      h(
        'div',
        { class: 'reactions', part: 'reactions' },
        ...reactions.map((each) => reactionView(event.stream, event.seq, each, screen)),
      ),
    );
  const parts = [
    format.time(event.at),
    amended?.text === undefined ? '' : words.edited,
    own && row.key === last ? reachText(row, screen) : '',
  ];
  const meta = h(
    'span',
    { class: 'meta', part: 'meta', title: format.full(event.at) },
    parts.filter((part) => part !== '').join(' · '),
  );
  const reply = h(
    'button',
    {
      type: 'button',
      class: 'link reply',
      'aria-label': words.replyTo(name),
      onclick: () => actions.reply(event.seq),
    },
    words.reply,
  );
  column.append(actions.writes ? h('span', { class: 'foot' }, meta, reply) : meta);
  element.append(column);
  return element;
}

function bubble(
  text: string,
  screen: Screen,
  quoted: HTMLElement | null,
  title: HTMLElement | null,
  files: readonly HTMLElement[],
): HTMLElement {
  const large = files.length === 0 && quoted === null && title === null && isEmojiOnly(text);
  const nameOf = (id: string) => (id === 'all' ? screen.words.everybody : nameIn(screen, id));
  const said = text === '' ? [] : [h('div', { class: 'rich', dir: 'auto' }, ...rich(text, nameOf))];
  return h(
    'div',
    { class: large ? 'bubble large' : 'bubble', part: 'bubble' },
    quoted,
    title,
    ...said,
    ...files,
  );
}

function reachText(row: MessageRow, { words }: Screen): string {
  if (row.reach === null) return '';
  const { tick, read, others } = row.reach;
  if (tick === 'read') return words.read;
  if (read.length > 0 && others > 1) return words.readBy(read.length, others);
  return tick === 'delivered' ? words.delivered : words.sent;
}

type Reaction = { readonly emoji: string; readonly count: number; readonly mine: boolean };

function reactionView(
  conversation: string,
  seq: number,
  { emoji, count, mine }: Reaction,
  { words, signedIn }: Screen,
): HTMLElement {
  const toggle = () => {
    const path = `/v1/conversations/${encodeURIComponent(conversation)}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`;
    // Refused, it stays as it is: the feed tells what counts.
    signedIn.client.api.call(mine ? 'DELETE' : 'PUT', path).catch(() => undefined);
  };
  return h(
    'button',
    {
      type: 'button',
      class: 'reaction',
      'aria-pressed': String(mine),
      'aria-label': words.react(emoji, count),
      onclick: toggle,
    },
    `${emoji} ${count}`,
  );
}

/** What an answered message says on one line; null while it is not loaded. */
export function quotedText(conversation: string, seq: number, { signedIn, words }: Screen): string | null {
  const event = signedIn.histories.thread(conversation).events.find((each) => each.seq === seq);
  if (event === undefined) return null;
  if (event.kind !== 'message') return words.recalled;
  const text = signedIn.histories.amended(conversation).get(seq)?.text ?? event.body.text;
  const plain = plainText(text.slice(0, 4 * quoteLettersMax), (id) => signedIn.name(id) || words.somebody);
  const said =
    plain.replace(/\s+/gu, ' ').trim() || (event.body.files ?? []).map(({ name }) => name).join(', ');
  const letters = [...said];
  return letters.length > quoteLettersMax ? `${letters.slice(0, quoteLettersMax).join('')}…` : said;
}

function quote(conversation: string, seq: number, screen: Screen): HTMLElement | null {
  const text = quotedText(conversation, seq, screen);
  return text === null ? null : h('blockquote', { class: 'quote', dir: 'auto' }, text);
}

function outgoingView(out: Outgoing, first: boolean, screen: Screen): HTMLElement {
  const { words, signedIn } = screen;
  const note = h('span', { class: 'meta', part: 'meta' });
  const text = out.text === '' ? `📎 ${out.files?.length ?? 0}` : out.text;
  const element = h(
    'article',
    { class: `row mine out${first ? ' first' : ''}`, part: 'message own', 'aria-label': words.you },
    h('div', { class: 'column' }, bubble(text, screen, null, null, []), note),
  );
  if (out.status !== 'failed') {
    note.textContent = words.sending;
    return element;
  }
  element.classList.add('failed');
  note.append(
    h('span', { role: 'alert' }, `${words.notSent} ${out.error?.message ?? ''}`),
    h(
      'button',
      { type: 'button', class: 'link', onclick: () => signedIn.client.resend(out.key) },
      words.again,
    ),
    h(
      'button',
      { type: 'button', class: 'link', onclick: () => signedIn.client.discard(out.key) },
      words.discard,
    ),
  );
  return element;
}

/** Whether somebody may write here; the reason if not. */
export function silenced(conversation: Conversation, { signedIn, words }: Screen): string | null {
  const { announcement, role, members } = conversation;
  if (announcement === true && role === 'member') return words.readOnly;
  const until = members.find(({ person }) => person === signedIn.me)?.muted_until ?? 0;
  return until > Date.now() ? words.muted : null;
}
