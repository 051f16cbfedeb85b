/* What a file of a message is on the screen: its kind, its place, its name and its numbers in words. */
import type { FeedEvent, MessageEvent, MessageFile } from '@encke/sdk';

/** Files of one message; the server's limit. */
export const filesPerMessageMax = 20;

export type FileKind = 'picture' | 'video' | 'sound' | 'voice' | 'other';

/** The pictures that the server has decoded. Every other type, SVG among them, is only offered for download. */
const pictures: ReadonlySet<string> = new Set(['image/gif', 'image/jpeg', 'image/png', 'image/webp']);
/** Video that the server answers in a way that a page can play. */
const videos: ReadonlySet<string> = new Set(['video/mp4', 'video/quicktime', 'video/webm', 'video/x-m4v']);
const sounds: ReadonlySet<string> = new Set([
  'audio/aac',
  'audio/m4a',
  'audio/mpeg',
  'audio/ogg',
  'audio/opus',
  'audio/x-flac',
  'audio/x-wav',
]);

/** The name of a voice message, without its ending. Only the name tells it from other sound. */
const voiceName = /^voice-\d{8}-\d{6}\.\w{2,4}$/;

export function voiceNameAt(at: number, ending: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const when = new Date(at);
  const day = `${when.getFullYear()}${two(when.getMonth() + 1)}${two(when.getDate())}`;
  return `voice-${day}-${two(when.getHours())}${two(when.getMinutes())}${two(when.getSeconds())}.${ending}`;
}

export function kindOf({ type, name, width, height, duration_ms }: MessageFile): FileKind {
  const sized = width !== undefined && height !== undefined;
  if (pictures.has(type)) return sized ? 'picture' : 'other';
  // Browsers record sound into containers of video. Only a video has sides.
  const sound = sounds.has(type) || (videos.has(type) && !sized && duration_ms !== undefined);
  if (sound) return voiceName.test(name) ? 'voice' : 'sound';
  return videos.has(type) ? 'video' : 'other';
}

/** The files of a message as they stand in it: its pictures together, the others below. */
export interface FileParts {
  readonly pictures: readonly MessageFile[];
  readonly others: readonly MessageFile[];
}

export function partsOf(files: readonly MessageFile[]): FileParts {
  return {
    pictures: files.filter((file) => kindOf(file) === 'picture'),
    others: files.filter((file) => kindOf(file) !== 'picture'),
  };
}

/** Pixels of the longer side of a single picture or video. */
export const sideMaxPx = 320;
const sideMinPx = 72;
/** A picture that is so many times longer than wide, or wider than long, is cut. */
const stretchMax = 2.4;

/** The box of a single picture or video. It is known before the picture comes, so that nothing moves when it does. */
export function boxOf({ width = 16, height = 9 }: Pick<MessageFile, 'width' | 'height'>): {
  width: number;
  height: number;
} {
  const ratio = Math.min(stretchMax, Math.max(1 / stretchMax, width / Math.max(1, height)));
  const scale = Math.min(1, sideMaxPx / Math.max(width, height));
  const longer = Math.max(sideMinPx, Math.max(width, height) * scale);
  const box = ratio >= 1 ? [longer, longer / ratio] : [longer * ratio, longer];
  const [w = 0, h = 0] = box.map((side) => Math.round(Math.max(side, sideMinPx)));
  return { width: w, height: h };
}

/** Columns of a grid of pictures. */
export function columnsOf(count: number): number {
  return count === 2 || count === 4 ? 2 : 3;
}

/** Characters that turn the direction of a text or can't be seen: `photo\u202egpj.exe` would be shown as `photoexe.jpg`. */
const misleading =
  /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** A name that looks like what it is. The server does the same with the names that it stores. */
export function plainName(name: string): string {
  return name.replace(misleading, '').trim() || 'file';
}

/** A name in two parts: the first may be cut where there is no room, the second has the ending. */
export function splitName(name: string): { head: string; tail: string } {
  const letters = [...plainName(name)];
  const tail = letters.length > 12 ? 8 : 0;
  return {
    head: letters.slice(0, letters.length - tail).join(''),
    tail: letters.slice(letters.length - tail).join(''),
  };
}

/** The ending of a name, for a picture of a file without a picture; '' if it has none that is short. */
export function endingOf(name: string): string {
  const [, ending = ''] = /\.([\p{L}\p{N}]{1,5})$/u.exec(plainName(name)) ?? [];
  return ending.toUpperCase();
}

/** 12 KB, 3.4 MB. */
export function sizeText(bytes: number, number: (value: number) => string): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const rounded = value >= 10 || unit === 0 ? Math.round(value) : Math.round(value * 10) / 10;
  return `${number(rounded)} ${units[unit]}`;
}

/** 0:07, 12:30, 1:02:03. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A picture and the message that it belongs to. */
export interface Shown {
  readonly event: MessageEvent;
  readonly file: MessageFile;
}

/** All pictures of the loaded part of a thread, in their order. */
export function picturesIn(events: readonly FeedEvent[]): Shown[] {
  return events.flatMap((event) =>
    event.kind === 'message' ? partsOf(event.body.files ?? []).pictures.map((file) => ({ event, file })) : [],
  );
}
