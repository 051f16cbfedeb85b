/** Pixels of the side of the picture of a person or a room: enough for the largest place where it is shown, on a dense screen. */
export const pictureSidePx = 320;
const quality = 0.88;

/** The middle of a picture as a square JPEG. Refuses a file that the browser can't show. */
export async function squarePicture(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.min(side, pictureSidePx);
  const drawing = canvas.getContext('2d');
  if (drawing === null) throw new Error('the browser draws no pictures');
  drawing.imageSmoothingQuality = 'high';
  // JPEG has no transparent pixels.
  drawing.fillStyle = '#fff';
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  drawing.drawImage(bitmap, left, top, side, side, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done, refused) =>
    canvas.toBlob(
      (blob) => (blob === null ? refused(new Error('the browser writes no JPEG')) : done(blob)),
      'image/jpeg',
      quality,
    ),
  );
}
