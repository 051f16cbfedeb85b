/* The lines of a conversation. */
import { isEmojiOnly } from '@encke/ui/plain';
import type { Outgoing } from '@encke/sdk';
import { faultText } from '../i18n/words';
import type { Row, Said } from '../model/thread';
import { avatar } from './avatar';
import { cardView } from './card';
import { h } from '@encke/ui/elements';
import { fileView } from './files';
import { rich } from './rich';
import type { Screen } from './screen';

/** Letters of a message that is quoted. */
const quoteLettersMax = 90;

/** A line changes when this does. */
export function signOf(row: Row, screen: Screen, last: string): string {
  const who = row.kind === 'said' ? screen.visitor.person(row.said.from) : null;
  const mark = row.key === last ? stateOf(row, screen) : '';
  return JSON.stringify([row, who, screen.locale, mark]);
}

/** `last`: the key of the visitor's newest message, which alone shows how far it has got. */
export function rowView(row: Row, screen: Screen, last: string): HTMLElement {
  if (row.kind === 'day')
    return h('p', { class: 'day' }, h('span', {}, screen.times.day(row.at, Date.now())));
  if (row.kind === 'out') return outView(row.out, row.first, screen);
  const { said, mine, first } = row;
  const { words, times, visitor } = screen;
  const person = visitor.person(said.from);
  const name = mine ? words.you : person.name || words.desk;
  const line = h('article', {
    class: `row ${mine ? 'mine' : 'theirs'}${first ? ' first' : ''}`,
    'aria-label': name,
  });
  if (!mine)
    line.append(first ? avatar({ ...person, name }, screen.pictures) : h('span', { class: 'no-avatar' }));
  const column = h('div', { class: 'column' });
  if (first && !mine) column.append(h('span', { class: 'name' }, h('bdi', {}, name)));
  column.append(bubble(said, screen));
  const state = row.key === last ? stateOf(row, screen) : '';
  const parts = [times.time(said.at), said.edited ? words.edited : '', state].filter((part) => part !== '');
  column.append(h('span', { class: 'meta', title: times.full(said.at) }, parts.join(' · ')));
  line.append(column);
  return line;
}

function stateOf(row: Row, { visitor, words }: Screen): string {
  if (row.kind !== 'said' || !row.mine) return '';
  return row.said.seq <= visitor.readByOthers ? words.seen : words.sent;
}

function bubble(said: Said, screen: Screen): HTMLElement {
  const { words } = screen;
  if (said.recalled) return h('div', { class: 'bubble recalled' }, words.recalled);
  const quoted = said.replyTo === null ? null : quote(said.replyTo, screen);
  if (said.card !== null) {
    const [picture] = said.files;
    const shown = picture === undefined ? null : fileView(picture, screen);
    return h('div', { class: 'bubble' }, cardView({ ...said.card, title: said.text }, shown));
  }
  const files = said.files.map((file) => fileView(file, screen));
  const large = files.length === 0 && quoted === null && isEmojiOnly(said.text);
  const text = said.text === '' ? [] : [h('div', { class: 'rich', dir: 'auto' }, ...rich(said.text))];
  return h('div', { class: large ? 'bubble large' : 'bubble' }, quoted, ...text, ...files);
}

function quote(seq: number, { visitor, words }: Screen): HTMLElement | null {
  const said = visitor.thread?.has(seq);
  if (said === undefined) return null;
  const text = said.recalled ? words.recalled : said.text || said.files.map(({ name }) => name).join(', ');
  const short = text.length > quoteLettersMax ? `${[...text].slice(0, quoteLettersMax).join('')}…` : text;
  return h('blockquote', { class: 'quote', 'aria-label': words.answerTo }, short);
}

function outView(out: Outgoing, first: boolean, screen: Screen): HTMLElement {
  const { words, visitor } = screen;
  const note = h('span', { class: 'meta' });
  const files = out.files?.length ?? 0;
  const text = out.text === '' ? `📎 ${files}` : out.text;
  const box = h(
    'div',
    { class: isEmojiOnly(out.text) ? 'bubble large' : 'bubble' },
    h('div', { class: 'rich', dir: 'auto' }, ...rich(text)),
  );
  const line = h(
    'article',
    { class: `row mine out${first ? ' first' : ''}`, 'aria-label': words.you },
    h('div', { class: 'column' }, box, note),
  );
  if (out.status === 'failed') {
    line.classList.add('failed');
    const why = out.error === null ? '' : faultText(screen.words, out.error);
    note.append(
      h('span', { role: 'alert' }, `${words.failed} ${why}`),
      h('button', { type: 'button', class: 'link', onclick: () => visitor.resend(out) }, words.again),
      h('button', { type: 'button', class: 'link', onclick: () => visitor.discard(out) }, words.discard),
    );
  } else note.textContent = out.error === null ? words.sending : faultText(screen.words, out.error);
  return line;
}
