/** Events in words: the line in a thread, the preview in the list. Plain text only; views show it as text. */
import type { Conversation, FeedEvent, MessageFile, Person } from '@encke/sdk';
import { plainText } from '@encke/ui/plain';
import { kindOf, plainName } from '../model/files';
import type { World } from '../model/world';
import type { Words } from './words';

/** A person's name within a text, where no badge can stand beside it. */
export function calledOf(world: World, person: string, words: Words): string {
  const known = world.people.get(person);
  return known === undefined ? words.somebody : called(known, words);
}

/** The name of somebody who is called in a text; `all` is everybody. */
export function mentionedName(world: World | null, person: string, words: Words): string {
  if (person === 'all') return words.everybody;
  return world === null ? words.somebody : calledOf(world, person, words);
}

export function called(person: Person, words: Words): string {
  return person.role === 'guest' ? words.guestName(person.display_name) : person.display_name;
}

/** Everything in a conversation that is not a message. */
export function systemLine(event: FeedEvent, conversation: Conversation, world: World, words: Words): string {
  const name = (person: string): string =>
    person === world.me.id ? words.you : calledOf(world, person, words);
  const whom = (person: string): string => (person === world.me.id ? words.youObject : name(person));
  switch (event.kind) {
    case 'created': {
      if (event.body.kind === 'direct') return words.event.createdDirect;
      const title = event.body.title ?? conversation.title ?? words.preview.room;
      return event.from === undefined
        ? words.event.createdByNobody(title)
        : words.event.createdRoom(name(event.from), title);
    }
    case 'member_joined': {
      const { person, by } = event.body;
      if (person.id === world.me.id)
        return by === person.id
          ? words.event.joined(words.you)
          : words.event.invited(name(by), words.youObject);
      return by === person.id
        ? words.event.joined(called(person, words))
        : words.event.invited(name(by), called(person, words));
    }
    case 'member_left':
      return event.body.by === event.body.person
        ? words.event.left(name(event.body.person))
        : words.event.removed(name(event.body.by), whom(event.body.person));
    case 'role_changed': {
      const { madeOwner, madeModerator, madeMember } = words.event;
      const told = { owner: madeOwner, moderator: madeModerator, member: madeMember }[event.body.role];
      return told(name(event.body.by), whom(event.body.person));
    }
    case 'member_muted': {
      const told = event.body.until === null ? words.event.unmuted : words.event.muted;
      return told(name(event.body.by), whom(event.body.person));
    }
    case 'changed': {
      const by = name(event.body.by);
      const parts: string[] = [];
      if (typeof event.body.title === 'string') parts.push(words.event.renamed(by, event.body.title));
      if (event.body.open !== undefined)
        parts.push(event.body.open ? words.event.opened(by) : words.event.closed(by));
      const { topic, picture, announcement } = event.body;
      if (topic !== undefined) parts.push(words.event.topic(by, topic));
      if (picture !== undefined) parts.push(words.event.picture(by, picture !== ''));
      if (announcement !== undefined)
        parts.push(announcement ? words.event.announces(by) : words.event.discusses(by));
      return parts.join(' · ') || words.event.unknown;
    }
    case 'erased':
      return event.from === undefined ? words.event.gone : words.event.recalled(whom(event.from));
    default:
      return words.event.unknown;
  }
}

/** Files in words: `[Picture]`, `[File] plan.pdf`, `[3 files]`; '' if there are none. */
export function filesLine(files: readonly MessageFile[], words: Words): string {
  const [first] = files;
  if (first === undefined) return '';
  const kind = kindOf(first);
  const same = files.every((file) => kindOf(file) === kind);
  return words.files.preview[same ? kind : 'other'](files.length, plainName(first.name));
}

/** What a message says on one line: its files, then its text. */
export function saidLine(text: string, files: readonly MessageFile[] | undefined, words: Words): string {
  return [filesLine(files ?? [], words), text].filter((part) => part !== '').join(' ');
}

export interface Preview {
  /** The author, if that needs saying. */
  readonly lead: string;
  readonly text: string;
  readonly tone: 'plain' | 'draft' | 'failed';
}

export interface PreviewInput {
  readonly conversation: Conversation;
  readonly world: World;
  readonly draft: string;
  /** The text of the newest message that could not be sent, if there is one. */
  readonly failed: string | null;
  /** Whether the person has hidden the newest message from itself. */
  readonly hidden: boolean;
}

export function previewOf(
  { conversation, world, draft, failed, hidden }: PreviewInput,
  words: Words,
): Preview {
  const line = (text: string): string => lineOf(text, world, words);
  if (failed !== null) return { lead: words.preview.failed, text: line(failed), tone: 'failed' };
  if (draft !== '') return { lead: words.preview.draft, text: line(draft), tone: 'draft' };
  const { last } = conversation;
  if (last === null) return { lead: '', text: '', tone: 'plain' };
  if (hidden) return { lead: '', text: words.preview.hidden, tone: 'plain' };
  if (last.kind !== 'message')
    return { lead: '', text: systemLine(last, conversation, world, words), tone: 'plain' };
  // The list doesn't hear of pieces: a message that began with nothing has its text here once it is whole.
  const opened = last.body.growing && last.body.text === '' ? '…' : last.body.text;
  const said = saidLine(line(opened), last.body.files, words);
  const text = last.body.poll === undefined ? said : `${words.preview.poll} ${said}`;
  if (last.from === world.me.id) return { lead: words.preview.self, text, tone: 'plain' };
  if (conversation.kind === 'direct' || last.from === undefined) return { lead: '', text, tone: 'plain' };
  return { lead: words.preview.by(calledOf(world, last.from, words)), text, tone: 'plain' };
}

/** The beginning of a message's text as one line. */
export function lineOf(text: string, world: World, words: Words): string {
  return oneLine(
    plainText(text.slice(0, previewLettersMax), (person) => mentionedName(world, person, words)),
  );
}

/** Letters of a text that are read for its preview. */
const previewLettersMax = 400;

/** Enough for any width of the list; cut between characters, never inside one. */
function oneLine(text: string): string {
  return [...text.replace(/\s+/gu, ' ').trim()].slice(0, 160).join('');
}
