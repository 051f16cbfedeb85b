import { ApiError, type MessageFile, type SendOptions } from '@encke/sdk';
import type { UploadOptions } from '@encke/sdk/upload';
import { answeredBy, placeOfFirst } from '../model/answers';
import * as trays from '../model/tray';
import type { Attachment, Post, Trays } from '../model/tray';
import type { Talk } from './talk.svelte';

/** What a browser can tell of sound and video before they are uploaded. */
export interface Measures {
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
}

export interface AttachingParts {
  upload(bytes: Blob, options: UploadOptions): Promise<MessageFile>;
  measure(bytes: Blob): Promise<Measures>;
  send(conversation: string, text: string, options: SendOptions, files: readonly MessageFile[]): void;
  /** Deletes an uploaded file that is not sent after all. */
  drop(id: string): Promise<void>;
  /** An address under which this page can show the bytes, and its end. */
  show(bytes: Blob): string;
  hide(address: string): void;
  ended(): void;
}

/** The pictures of which the tray shows a small one. */
const shown = /^image\/(?:gif|jpeg|png|webp)$/;

/** The part of a file that no model holds. */
interface Held {
  readonly bytes: Blob;
  readonly measures: Measures | null;
  readonly preview: string | null;
  readonly stop: AbortController;
}

/** The uploads of this page, and the messages that wait for them. The rules are those of model/tray.ts. */
export class Attaching {
  #trays: Trays = $state.raw(trays.emptyTrays);
  readonly #held = new Map<string, Held>();
  #made = 0;

  constructor(private readonly parts: AttachingParts) {}

  tray(conversation: string): Attachment[] {
    return trays.trayOf(this.#trays, conversation);
  }

  /** Whether the tray can be sent as it is. */
  canGo(conversation: string): boolean {
    return trays.canGo(this.tray(conversation));
  }

  posts(conversation: string): Post[] {
    return this.#trays.posts.filter((post) => post.conversation === conversation);
  }

  filesOf(post: string): Attachment[] {
    return trays.filesOfPost(this.#trays, post);
  }

  /** Whether something would be lost if the page went away. */
  get busy(): boolean {
    return this.#trays.attachments.length > 0 || this.#trays.posts.length > 0;
  }

  preview(key: string): string | null {
    return this.#held.get(key)?.preview ?? null;
  }

  /** Whether all files found room. `measures` is what is known of them already. */
  add(conversation: string, files: readonly File[], measures: Measures | null = null): boolean {
    const fresh = files.map((file) => {
      this.#made += 1;
      return { file, key: `a${this.#made}`, name: file.name, bytes: file.size, type: file.type };
    });
    const made = fresh.map(({ key, name, bytes, type }) => ({ key, name, bytes, type }));
    const { trays: now, taken } = trays.withFiles(this.#trays, conversation, made);
    for (const { file, key } of fresh.slice(0, taken)) {
      const preview = shown.test(file.type) ? this.parts.show(file) : null;
      this.#held.set(key, { bytes: file, measures, preview, stop: new AbortController() });
    }
    this.#set(now);
    return taken === files.length;
  }

  /** Takes the tray along with a text. False if there is nothing in it. */
  takes(conversation: string, text: string, options: SendOptions): boolean {
    if (!this.canGo(conversation)) return false;
    this.#made += 1;
    this.#set(trays.posted(this.#trays, { key: `m${this.#made}`, conversation, text, options }));
    return true;
  }

  remove(key: string): void {
    const gone = this.#trays.attachments.find((each) => each.key === key);
    if (gone === undefined) return;
    this.#let(gone);
    this.#set(trays.without(this.#trays, key));
  }

  /** Gives up a message that waits, with its files. */
  discard(post: string): void {
    for (const each of this.filesOf(post)) this.#let(each);
    this.#set(trays.withoutPost(this.#trays, post));
  }

  /** Tries again what broke off: one file, or all of them. */
  resume(key: string | null = null): void {
    this.#set(trays.resumed(this.#trays, key));
  }

  forget(conversation: string): void {
    for (const each of this.#trays.attachments) if (each.conversation === conversation) this.#let(each);
    this.#set(trays.withoutConversation(this.#trays, conversation));
  }

  stop(): void {
    for (const each of this.#trays.attachments) this.#let(each);
    this.#trays = trays.emptyTrays;
    this.parts.ended();
  }

  /** Stops the upload of a file, or deletes it where it is uploaded already. */
  #let({ key, file }: Attachment): void {
    this.#release(key)?.abort();
    if (file !== null) void this.parts.drop(file.id).catch(() => undefined);
  }

  #release(key: string): AbortController | undefined {
    const held = this.#held.get(key);
    if (held?.preview != null) this.parts.hide(held.preview);
    this.#held.delete(key);
    return held?.stop;
  }

  #set(now: Trays): void {
    this.#trays = now;
    for (const { post, files } of trays.ready(now)) {
      for (const each of this.filesOf(post.key)) this.#release(each.key);
      this.parts.send(post.conversation, post.text, post.options, files);
      // The next message of the conversation may wait for nothing more.
      return this.#set(trays.withoutPost(this.#trays, post.key));
    }
    for (const each of trays.due(now)) {
      this.#change(each.key, { state: 'going' });
      void this.#upload(each);
    }
  }

  #change(key: string, change: Partial<Attachment>): void {
    this.#trays = trays.changed(this.#trays, key, change);
  }

  async #upload({ key, name, upload: resume }: Attachment): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) return;
    const { bytes, stop } = held;
    try {
      const measures = held.measures ?? (await this.parts.measure(bytes));
      const file = await this.parts.upload(bytes, {
        ...measures,
        name,
        signal: stop.signal,
        ...(resume === null ? {} : { resume }),
        onBegun: (upload) => this.#change(key, { upload }),
        onProgress: (sent) => this.#change(key, { sent }),
      });
      this.#change(key, { state: 'ready', file, sent: bytes.size });
    } catch (thrown) {
      if (!stop.signal.aborted) this.#broke(key, await whyOf(thrown, bytes), resume);
    }
    this.#set(this.#trays);
  }

  #broke(key: string, { code, message, retry }: ApiError, resume: string | null): void {
    // The server has forgotten the upload: it begins anew.
    if (resume !== null && code === 'not_found')
      this.#change(key, { state: 'waiting', upload: null, sent: 0 });
    else if (retry) this.#change(key, { state: 'stopped' });
    else this.#change(key, { state: 'refused', refusal: { code, message } });
  }
}

/** A file that was moved or changed since it was chosen can't be read, which looks like a broken connection. */
async function whyOf(thrown: unknown, bytes: Blob): Promise<ApiError> {
  const error = ApiError.from(thrown);
  if (!error.retry) return error;
  const readable = await bytes
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
  return readable ? error : new ApiError('unreadable', '', false, null, 0);
}

/** The first answer to a message makes its thread, which the page learns of by the feed. */
async function begin(
  talk: Talk,
  { conversation, message }: { readonly conversation: string; readonly message: number },
  { text, files }: { readonly text: string; readonly files: readonly MessageFile[] },
): Promise<void> {
  const key = crypto.randomUUID();
  const ids = files.map(({ id }) => id);
  const went = await talk.attempt(
    async () => void (await talk.client.api.answer(conversation, message, text, key, ids)),
  );
  if (!went) talk.keepDraft(placeOfFirst(conversation, message), text);
}

/** The uploads of a page with the browser's own means. */
export function attachingOf(talk: Talk): Attaching {
  const { client } = talk;
  const attaching = new Attaching({
    upload: async (bytes, options) => (await import('@encke/sdk/upload')).upload(bytes, options),
    measure: async (bytes) => (await import('../view/compose/measure')).measured(bytes),
    send: (conversation, text, options, files) => {
      const uploaded = new Map(talk.files.uploaded);
      for (const file of files) uploaded.set(file.id, file);
      talk.files.uploaded = uploaded;
      const answered = answeredBy(conversation);
      if (answered !== null) return void begin(talk, answered, { text, files });
      client.send(conversation, text, { ...options, files: files.map((file) => file.id) });
    },
    drop: (id) => client.api.deleteFile(id),
    show: (bytes) => URL.createObjectURL(bytes),
    hide: (address) => URL.revokeObjectURL(address),
    ended: () => undo(),
  });
  // Whatever broke off goes on by itself once the server is there again.
  const undo = client.on('state', ({ phase }) => phase === 'live' && attaching.resume());
  return attaching;
}
