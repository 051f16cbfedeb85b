/* Pictures for emoji: within the server's bounds, made smaller if they are not. */

/** The server's limits. */
export const sideMax = 256;
export const bytesMax = 45 * 1024;
/** The side of one that was made smaller: twice what a screen of twice the points needs. */
const madeSide = 128;

/** Whether a text can be the name of an emoji. */
export function isEmojiName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_+-]{1,31}$/.test(name);
}

/** A name made of that of a file: `Party Parrot.gif` is `party_parrot`. Empty if nothing is left of it. */
export function nameFrom(file: string): string {
  const plain = file
    .replace(/\.[^.]*$/u, '')
    .toLowerCase()
    .replace(/[^a-z0-9+-]+/gu, '_')
    .replace(/^[_+-]+|_+$/gu, '');
  return plain.slice(0, 32);
}

/** The picture as the server takes it, in base64; null if it can't be made small. A GIF stays as it is: it may move. */
export async function smallPicture(file: Blob): Promise<string | null> {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return null;
  const side = Math.max(bitmap.width, bitmap.height);
  const taken = ['image/png', 'image/webp', 'image/gif'].includes(file.type);
  if (taken && side <= sideMax && file.size <= bytesMax) return base64(file);
  if (file.type === 'image/gif') return null;
  const scale = Math.min(1, madeSide / side);
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  );
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const small = await canvas.convertToBlob({ type: 'image/png' });
  return small.size <= bytesMax ? base64(small) : null;
}

async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
