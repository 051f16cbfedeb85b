/** Every HTTP call of docs/protocol.md, one method each. Throws ApiError; never retries by itself. */
import type { Http } from './http.js';
import { asQuery, LeanApi, part } from './lean-api.js';
import type {
  AnswerSent,
  Conversation,
  ConversationPage,
  ConversationQuery,
  Draft,
  Drafts,
  FirstAccount,
  FoundMessages,
  Invitation,
  Json,
  KeptQuery,
  Me,
  MemberPage,
  MemberQuery,
  MemberRole,
  OneConversation,
  OneMessage,
  NewAccount,
  NewConversation,
  NewReminder,
  NewScheduled,
  Person,
  Pins,
  RoomChange,
  Reminder,
  Reminders,
  RoomPage,
  ScheduledChange,
  ScheduledMessage,
  ScheduledMessages,
  SearchQuery,
  Sent,
  Settings,
  SetupState,
  SiteEmoji,
  StarredMessages,
  ThreadPage,
  ThreadQuery,
  Wordings,
} from './types.js';

export class Api extends LeanApi {
  readonly #http: Http;

  constructor(http: Http) {
    super(http);
    this.#http = http;
  }

  // People

  /** Whether the site still needs an owner, and whether guests may enter. */
  setup(): Promise<SetupState> {
    return this.#get('/v1/setup');
  }

  /** Creates the owner; only once, and only with the set-up code that the server printed. */
  createOwner(account: FirstAccount): Promise<Me> {
    return this.#post('/v1/setup', account);
  }

  signIn(name: string, password: string): Promise<Me> {
    return this.#post('/v1/sign-in', { name, password });
  }

  enterAsGuest(display_name: string): Promise<Me> {
    return this.#post('/v1/guest', { display_name });
  }

  signOut(options: { everywhere?: boolean; tokens?: boolean } = {}): Promise<void> {
    return this.#post('/v1/sign-out', options);
  }

  changePassword(oldPassword: string, newPassword: string): Promise<void> {
    return this.#post('/v1/password', { old: oldPassword, new: newPassword });
  }

  async people(q = '', limit = 20): Promise<Person[]> {
    const query = new URLSearchParams({ q, limit: String(limit) });
    return (await this.#get<{ people: Person[] }>(`/v1/people?${query}`)).people;
  }

  createPerson(account: NewAccount): Promise<Person> {
    return this.#post('/v1/people', account);
  }

  disablePerson(person: string): Promise<void> {
    return this.#delete(`/v1/people/${part(person)}`);
  }

  settings(): Promise<Settings> {
    return this.#get('/v1/settings');
  }

  changeSettings(changes: Partial<Settings>): Promise<Settings> {
    return this.#patch('/v1/settings', changes);
  }

  // Conversations

  createConversation(conversation: NewConversation): Promise<Conversation> {
    return this.#post('/v1/conversations', conversation);
  }

  /**
   * A page of one's conversations, the one with the latest activity first, behind the page (or snapshot) that gave `before`.
   * What it says may be newer than the cursor at which events are followed: events up to its `head_seq` are in it already.
   */
  conversations(query: ConversationQuery = {}): Promise<ConversationPage> {
    return this.#get(`/v1/conversations${asQuery(query)}`);
  }

  /** A conversation that one is in, with the people in it. */
  conversation(id: string): Promise<OneConversation> {
    return this.#get(`/v1/conversations/${part(id)}`);
  }

  changeConversation(id: string, changes: RoomChange): Promise<Conversation> {
    return this.#patch(`/v1/conversations/${part(id)}`, changes);
  }

  /** A page of the open rooms, by title: those whose title holds `q`, behind the page that gave `after` as `next`. */
  rooms(query: { q?: string; after?: string; limit?: number } = {}): Promise<RoomPage> {
    return this.#get(`/v1/rooms${asQuery(query)}`);
  }

  invitations(): Promise<{ invitations: Invitation[] }> {
    return this.#get('/v1/invitations');
  }

  acceptInvitation(conversation: string): Promise<Conversation> {
    return this.#post(`/v1/invitations/${part(conversation)}/accept`);
  }

  declineInvitation(conversation: string): Promise<void> {
    return this.#delete(`/v1/invitations/${part(conversation)}`);
  }

  join(id: string): Promise<Conversation> {
    return this.#post(`/v1/conversations/${part(id)}/join`);
  }

  /** A page of those who are in a conversation, whoever joined first first. */
  members(id: string, query: MemberQuery = {}): Promise<MemberPage> {
    return this.#get(`/v1/conversations/${part(id)}/members${asQuery(query)}`);
  }

  /** Brings somebody into a room; `invited` if the person was asked instead, and has to accept. */
  invite(id: string, person: string): Promise<{ invited: true } | undefined> {
    return this.#post(`/v1/conversations/${part(id)}/members`, { person });
  }

  changeMember(id: string, person: string, role: MemberRole): Promise<void> {
    return this.#patch(`/v1/conversations/${part(id)}/members/${part(person)}`, { role });
  }

  /** An owner removes somebody, or somebody leaves. */
  removeMember(id: string, person: string): Promise<void> {
    return this.#delete(`/v1/conversations/${part(id)}/members/${part(person)}`);
  }

  /** The address of a file's bytes, for pages of the server's own origin. */
  fileAddress(id: string): string {
    return `${this.#http.base}/v1/files/${part(id)}`;
  }

  /** The address of a file's small picture. Only files with `thumbnail` have one. */
  thumbnailAddress(id: string): string {
    return `${this.fileAddress(id)}/thumbnail`;
  }

  /** The small pictures that the site has for texts and reactions. */
  async siteEmoji(): Promise<SiteEmoji[]> {
    return (await this.#get<{ emoji: SiteEmoji[] }>('/v1/emoji')).emoji;
  }

  /** The address of such a picture. Its bytes never change. */
  emojiAddress({ name, version }: Pick<SiteEmoji, 'name' | 'version'>): string {
    return `${this.#http.base}/v1/emoji/${part(name)}/${part(version)}`;
  }

  /** Deletes an uploaded file that no message holds. */
  deleteFile(id: string): Promise<void> {
    return this.#delete(`/v1/files/${part(id)}`);
  }

  /** One message with what has been made of it. */
  message(id: string, seq: number): Promise<OneMessage> {
    return this.#get(message(id, seq));
  }

  /** Gives one's own message another text. */
  edit(id: string, seq: number, text: string, key?: string): Promise<void> {
    const headers = key === undefined ? undefined : { 'Idempotency-Key': key };
    return this.#patch(message(id, seq), { text }, headers);
  }

  /** Recalls a message: it is gone for everybody, and its place says so. With `keepalive` also while the page is left. */
  recall(id: string, seq: number, { keepalive = false } = {}): Promise<void> {
    return this.#http.json({ method: 'DELETE', path: message(id, seq), keepalive });
  }

  /** Asks the author of a growing message to stop. */
  stop(id: string, seq: number): Promise<void> {
    return this.#post(`${message(id, seq)}/stop`, {});
  }

  /** The texts that a message had, the original first: for its author and the owners of a room. */
  edits(id: string, seq: number): Promise<Wordings> {
    return this.#get(`${message(id, seq)}/edits`);
  }

  /** Puts an emoji of one's own under a message, or takes it away. */
  react(id: string, seq: number, emoji: string, on: boolean): Promise<void> {
    const path = `${message(id, seq)}/reactions/${part(emoji)}`;
    return on ? this.#put(path) : this.#delete(path);
  }

  pin(id: string, seq: number, on: boolean): Promise<void> {
    const path = `${message(id, seq)}/pin`;
    return on ? this.#put(path) : this.#delete(path);
  }

  /** Removes the preview of a message's link for everybody. The link stays. */
  removePreview(id: string, seq: number): Promise<void> {
    return this.#delete(`${message(id, seq)}/preview`);
  }

  /** Where the picture of a message's preview is. */
  previewPictureAddress(id: string, seq: number): string {
    return `${this.#http.base}${message(id, seq)}/preview/picture`;
  }

  /** Copies a message of another conversation into this one. With the same `key`, it is one copy. */
  forward(id: string, from: { conversation: string; message: number; key: string }): Promise<Sent> {
    return this.#post(`/v1/conversations/${part(id)}/forwards`, from);
  }

  /** Hides a message from oneself alone, or shows it again. */
  hide(id: string, seq: number, on: boolean): Promise<void> {
    const path = `${message(id, seq)}/hide`;
    return on ? this.#put(path) : this.#delete(path);
  }

  /** The pinned messages of a conversation, the one that was pinned last first. */
  pins(id: string): Promise<Pins> {
    return this.#get(`/v1/conversations/${part(id)}/pins`);
  }

  /** Messages of all conversations that one is in, the newest first. A page may be short or empty and not be the last. */
  search(query: SearchQuery): Promise<FoundMessages> {
    return this.#get(`/v1/search${asQuery(query)}`);
  }

  /** Answers a message in its thread, which is made if there is none. */
  answer(
    id: string,
    seq: number,
    text: string,
    key: string,
    files: readonly string[] = [],
  ): Promise<AnswerSent> {
    return this.#post(`${message(id, seq)}/thread`, { text, key, files });
  }

  /** Follows a thread, or no longer. */
  follow(thread: string, on: boolean): Promise<void> {
    const path = `/v1/conversations/${part(thread)}/follow`;
    return on ? this.#put(path) : this.#delete(path);
  }

  /** The threads that one follows, the one with the newest answer first. */
  threads(query: ThreadQuery = {}): Promise<ThreadPage> {
    return this.#get(`/v1/threads${asQuery(query)}`);
  }

  // What a person keeps for itself

  star(id: string, seq: number, on: boolean): Promise<void> {
    const path = `${message(id, seq)}/star`;
    return on ? this.#put(path) : this.#delete(path);
  }

  /** The `seq` of each message that one has starred in a conversation. */
  starsOf(id: string): Promise<{ messages: number[] }> {
    return this.#get(`/v1/conversations/${part(id)}/stars`);
  }

  /** The starred messages of all conversations that one is in, the newest star first. */
  stars(query: KeptQuery = {}): Promise<StarredMessages> {
    return this.#get(`/v1/stars${asQuery(query)}`);
  }

  draft(id: string): Promise<Draft> {
    return this.#get(draft(id));
  }

  /** Saves a draft in place of an earlier one. With `keepalive` also while the page is left. */
  saveDraft(
    id: string,
    { text, replyTo }: { text: string; replyTo: number | null },
    { keepalive = false } = {},
  ): Promise<{ at: number }> {
    const body = { text, ...(replyTo === null ? {} : { reply_to: replyTo }) };
    return this.#http.json({ method: 'PUT', path: draft(id), body, keepalive });
  }

  deleteDraft(id: string, { keepalive = false } = {}): Promise<void> {
    return this.#http.json({ method: 'DELETE', path: draft(id), keepalive });
  }

  /** The drafts of all conversations, the one that was saved last first. */
  drafts(query: KeptQuery = {}): Promise<Drafts> {
    return this.#get(`/v1/drafts${asQuery(query)}`);
  }

  /** Plans a message, which the server sends at its time. */
  schedule(id: string, planned: NewScheduled, key: string): Promise<ScheduledMessage> {
    return this.#post(`/v1/conversations/${part(id)}/scheduled`, planned, { 'Idempotency-Key': key });
  }

  /** The messages that are to be sent later, by their time, those that failed included. */
  scheduled(query: KeptQuery = {}): Promise<ScheduledMessages> {
    return this.#get(`/v1/scheduled${asQuery(query)}`);
  }

  changeScheduled(scheduled: string, change: ScheduledChange): Promise<ScheduledMessage> {
    return this.#patch(`/v1/scheduled/${part(scheduled)}`, change);
  }

  cancelScheduled(scheduled: string): Promise<void> {
    return this.#delete(`/v1/scheduled/${part(scheduled)}`);
  }

  remind(reminder: NewReminder, key: string): Promise<Reminder> {
    return this.#post('/v1/reminders', reminder, { 'Idempotency-Key': key });
  }

  /** The reminders by their time, those that are due first. */
  reminders(query: KeptQuery = {}): Promise<Reminders> {
    return this.#get(`/v1/reminders${asQuery(query)}`);
  }

  /** Puts a reminder off. One that is due waits again. */
  snooze(reminder: string, at: number): Promise<Reminder> {
    return this.#patch(`/v1/reminders/${part(reminder)}`, { at });
  }

  /** Cancels a reminder, or dismisses one that is due. */
  dismissReminder(reminder: string): Promise<void> {
    return this.#delete(`/v1/reminders/${part(reminder)}`);
  }

  // Notifications while no page is open

  /** The key that `pushManager.subscribe` takes. */
  pushKey(): Promise<{ key: string }> {
    return this.#get('/v1/push/key');
  }

  subscribeToPush(subscription: { endpoint: string; p256dh: string; auth: string }): Promise<void> {
    return this.#http.json({ method: 'PUT', path: '/v1/push/subscriptions', body: subscription });
  }

  unsubscribeFromPush(endpoint: string): Promise<void> {
    return this.#http.json({ method: 'DELETE', path: '/v1/push/subscriptions', body: { endpoint } });
  }

  // Channels

  /** Appends to a channel; owners and bots. */
  publish(channel: string, data: Json, key?: string): Promise<Sent> {
    const headers = key === undefined ? undefined : { 'Idempotency-Key': key };
    return this.#post(`/v1/channels/${part(channel)}/events`, data, headers);
  }

  #get<T>(path: string): Promise<T> {
    return this.#http.json<T>({ method: 'GET', path });
  }

  #post<T>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<T> {
    return this.#http.json<T>({ method: 'POST', path, body, headers });
  }

  #patch<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return this.#http.json<T>({ method: 'PATCH', path, body, headers });
  }

  #put<T>(path: string): Promise<T> {
    return this.#http.json<T>({ method: 'PUT', path });
  }

  #delete<T>(path: string): Promise<T> {
    return this.#http.json<T>({ method: 'DELETE', path });
  }
}

/** The address of a draft. */
function draft(id: string): string {
  return `/v1/conversations/${part(id)}/draft`;
}

/** The address of a message. */
function message(id: string, seq: number): string {
  return `/v1/conversations/${part(id)}/messages/${seq}`;
}
