/* Files that are attached and not yet sent: what becomes of their uploads, and when the message that waits for them can go. */
import type { MessageFile, SendOptions } from '@encke/sdk';
import { filesPerMessageMax } from './files';

/** Uploads of this page that run at one time; the server takes 4 of one person. */
export const uploadsRunningMax = 3;

/** Why a file can't be sent. `unreadable`: the browser gets no more bytes of it. */
export type Refusal = { readonly code: string; readonly message: string };

export interface Attachment {
  readonly key: string;
  readonly conversation: string;
  /** The message that waits for it; null while it lies in the tray. */
  readonly post: string | null;
  readonly name: string;
  readonly bytes: number;
  readonly type: string;
  readonly state: 'waiting' | 'going' | 'stopped' | 'refused' | 'ready';
  /** Bytes that are sent. */
  readonly sent: number;
  /** The upload that has begun, by which it can be resumed. */
  readonly upload: string | null;
  readonly file: MessageFile | null;
  readonly refusal: Refusal | null;
}

/** A message that goes once its files are uploaded. */
export interface Post {
  readonly key: string;
  readonly conversation: string;
  readonly text: string;
  readonly options: SendOptions;
}

export interface Trays {
  readonly attachments: readonly Attachment[];
  readonly posts: readonly Post[];
}

export const emptyTrays: Trays = { attachments: [], posts: [] };

export function trayOf({ attachments }: Trays, conversation: string): Attachment[] {
  return attachments.filter((each) => each.conversation === conversation && each.post === null);
}

export function filesOfPost({ attachments }: Trays, post: string): Attachment[] {
  return attachments.filter((each) => each.post === post);
}

export interface NewAttachment {
  readonly key: string;
  readonly name: string;
  readonly bytes: number;
  readonly type: string;
}

/** Puts files into the tray, as many as a message can have. A file without a byte is refused at once. */
export function withFiles(
  trays: Trays,
  conversation: string,
  files: readonly NewAttachment[],
): { trays: Trays; taken: number } {
  const room = filesPerMessageMax - trayOf(trays, conversation).length;
  const taken = files.slice(0, Math.max(0, room)).map((file): Attachment => {
    const empty = file.bytes === 0;
    return {
      ...file,
      conversation,
      post: null,
      state: empty ? 'refused' : 'waiting',
      sent: 0,
      upload: null,
      file: null,
      refusal: empty ? { code: 'empty', message: '' } : null,
    };
  });
  return { trays: { ...trays, attachments: [...trays.attachments, ...taken] }, taken: taken.length };
}

export function changed(trays: Trays, key: string, change: Partial<Attachment>): Trays {
  const attachments = trays.attachments.map((each) => (each.key === key ? { ...each, ...change } : each));
  return { ...trays, attachments };
}

/** The uploads to start now. Those that a message waits for come first, then the oldest. */
export function due({ attachments }: Trays): Attachment[] {
  const running = attachments.filter((each) => each.state === 'going').length;
  const waiting = attachments.filter((each) => each.state === 'waiting');
  const first = waiting.filter((each) => each.post !== null);
  const ordered = [...first, ...waiting.filter((each) => each.post === null)];
  return ordered.slice(0, Math.max(0, uploadsRunningMax - running));
}

/** What stopped is tried again from where it was. */
export function resumed(trays: Trays, key: string | null = null): Trays {
  const attachments = trays.attachments.map((each) =>
    each.state === 'stopped' && (key === null || each.key === key)
      ? { ...each, state: 'waiting' as const }
      : each,
  );
  return { ...trays, attachments };
}

/** Whether a tray can be sent: it has files, and none that is refused. */
export function canGo(tray: readonly Attachment[]): boolean {
  return tray.length > 0 && tray.every((each) => each.state !== 'refused');
}

/** The tray of a conversation becomes a message that waits for its uploads. */
export function posted(trays: Trays, post: Post): Trays {
  const attachments = trays.attachments.map((each) =>
    each.conversation === post.conversation && each.post === null ? { ...each, post: post.key } : each,
  );
  return { attachments, posts: [...trays.posts, post] };
}

/** The messages that can go: of each conversation only the first one that waits, so that their order is kept. */
export function ready(trays: Trays): { readonly post: Post; readonly files: MessageFile[] }[] {
  const seen = new Set<string>();
  return trays.posts.flatMap((post) => {
    if (seen.has(post.conversation)) return [];
    seen.add(post.conversation);
    const files = filesOfPost(trays, post.key).flatMap((each) => each.file ?? []);
    return files.length === filesOfPost(trays, post.key).length ? [{ post, files }] : [];
  });
}

export function withoutPost(trays: Trays, post: string): Trays {
  return {
    attachments: trays.attachments.filter((each) => each.post !== post),
    posts: trays.posts.filter((each) => each.key !== post),
  };
}

/** Takes a file away. A message that loses its last file goes with its text, if it has any. */
export function without(trays: Trays, key: string): Trays {
  const attachments = trays.attachments.filter((each) => each.key !== key);
  const posts = trays.posts.filter(
    (post) => post.text !== '' || attachments.some((each) => each.post === post.key),
  );
  return { attachments, posts };
}

/** A conversation that this person has left. */
export function withoutConversation(trays: Trays, conversation: string): Trays {
  return {
    attachments: trays.attachments.filter((each) => each.conversation !== conversation),
    posts: trays.posts.filter((each) => each.conversation !== conversation),
  };
}
