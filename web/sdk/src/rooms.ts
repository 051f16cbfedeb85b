/**
 * The calls for keeping order in rooms, for one's own settings of conversations, for polls, for emoji of the site, and for blocks and reports. A file of its
 * own (`@encke/sdk/rooms`), so that a first load does not carry them.
 *
 * Entry point: `RoomsApi`.
 */
import type { Api } from './api.js';
import type {
  AuditPage,
  BanPage,
  Blocks,
  Conversation,
  ConversationChoices,
  InviteLinks,
  LinkedRoom,
  LinkSecret,
  MadeLink,
  NewLink,
  NewPoll,
  ReportPage,
  Sent,
  SiteEmoji,
  Voters,
} from './types.js';

/** A place behind which a list goes on, and how many of it are wanted. */
export interface PageQuery {
  after?: string | undefined;
  limit?: number;
}

export class RoomsApi {
  readonly #api: Pick<Api, 'call'>;

  constructor(api: Pick<Api, 'call'>) {
    this.#api = api;
  }

  // Own settings

  /** Changes one's own settings of a conversation; what is left out stays as it is. */
  choose(id: string, changes: Partial<ConversationChoices>): Promise<ConversationChoices> {
    return this.#api.call('PATCH', `${room(id)}/choices`, changes);
  }

  // Order in a room

  /** Takes the right to write from a member for a time. */
  mute(id: string, person: string, seconds: number): Promise<void> {
    return this.#api.call('PUT', `${room(id)}/members/${part(person)}/mute`, { seconds });
  }

  unmute(id: string, person: string): Promise<void> {
    return this.#api.call('DELETE', `${room(id)}/members/${part(person)}/mute`);
  }

  /** Removes a person, who then can't come back. */
  ban(id: string, person: string): Promise<void> {
    return this.#api.call('PUT', `${room(id)}/bans/${part(person)}`);
  }

  unban(id: string, person: string): Promise<void> {
    return this.#api.call('DELETE', `${room(id)}/bans/${part(person)}`);
  }

  bans(id: string, query: PageQuery = {}): Promise<BanPage> {
    return this.#api.call('GET', `${room(id)}/bans${search({ ...query })}`);
  }

  /** What owners and moderators did, the newest first, before the entry with this number. */
  audit(id: string, before?: number): Promise<AuditPage> {
    return this.#api.call('GET', `${room(id)}/audit${search({ before })}`);
  }

  // Invite links

  links(id: string): Promise<InviteLinks> {
    return this.#api.call('GET', `${room(id)}/links`);
  }

  /** The secret of the answer is told this once. */
  makeLink(id: string, link: NewLink): Promise<MadeLink> {
    return this.#api.call('POST', `${room(id)}/links`, link);
  }

  revokeLink(id: string, link: string): Promise<void> {
    return this.#api.call('DELETE', `${room(id)}/links/${part(link)}`);
  }

  /** The room that a link leads to. */
  lookAtLink(secret: string): Promise<LinkedRoom> {
    const body: LinkSecret = { secret };
    return this.#api.call('POST', '/v1/links/look', body);
  }

  joinByLink(secret: string): Promise<Conversation> {
    const body: LinkSecret = { secret };
    return this.#api.call('POST', '/v1/links/join', body);
  }

  // Polls

  /** Makes a poll. With the same `key`, it is one poll. */
  createPoll(id: string, poll: NewPoll & { key: string }): Promise<Sent> {
    return this.#api.call('POST', `${room(id)}/polls`, poll);
  }

  /** Votes for these options alone, the first one is 0; for none, the vote is taken back. */
  vote(id: string, seq: number, options: readonly number[]): Promise<void> {
    return this.#api.call('PUT', `${room(id)}/messages/${seq}/vote`, { options });
  }

  closePoll(id: string, seq: number): Promise<void> {
    return this.#api.call('PUT', `${room(id)}/messages/${seq}/closed`);
  }

  /** A page of those who voted for an option of a poll that is not anonymous. */
  voters(id: string, seq: number, option: number, query: PageQuery = {}): Promise<Voters> {
    return this.#api.call('GET', `${room(id)}/messages/${seq}/voters${search({ option, ...query })}`);
  }

  // Emoji of the site's own, for its owners

  /** Adds an emoji, or gives it another picture: a small PNG, WebP or GIF in base64. */
  putEmoji(name: string, picture: string): Promise<SiteEmoji> {
    return this.#api.call('PUT', `/v1/emoji/${part(name)}`, { picture });
  }

  deleteEmoji(name: string): Promise<void> {
    return this.#api.call('DELETE', `/v1/emoji/${part(name)}`);
  }

  // Blocks and reports

  block(person: string, on: boolean): Promise<void> {
    return this.#api.call(on ? 'PUT' : 'DELETE', `/v1/blocks/${part(person)}`);
  }

  blocks(): Promise<Blocks> {
    return this.#api.call('GET', '/v1/blocks');
  }

  report(id: string, seq: number, reason: string): Promise<void> {
    return this.#api.call('POST', `${room(id)}/messages/${seq}/report`, { reason });
  }

  /** Gives a room a picture that the caller has uploaded; its owners may. */
  setPicture(id: string, file: string): Promise<Conversation> {
    return this.#api.call('PUT', `${room(id)}/picture`, { file });
  }

  removePicture(id: string): Promise<Conversation> {
    return this.#api.call('DELETE', `${room(id)}/picture`);
  }

  /** The open reports of a room, the oldest first. */
  reports(id: string, query: PageQuery = {}): Promise<ReportPage> {
    return this.#api.call('GET', `${room(id)}/reports${search({ ...query })}`);
  }

  /** The open reports that wait for an owner of the site. */
  siteReports(query: PageQuery = {}): Promise<ReportPage> {
    return this.#api.call('GET', `/v1/reports${search({ ...query })}`);
  }

  resolveReport(report: string): Promise<void> {
    return this.#api.call('DELETE', `/v1/reports/${part(report)}`);
  }
}

function room(id: string): string {
  return `/v1/conversations/${part(id)}`;
}

function search(query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

function part(text: string): string {
  return encodeURIComponent(text);
}
