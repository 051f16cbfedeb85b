/** Files for tests, made here: pictures and sound that browsers and the server take for real ones. */
import { crc32, deflateSync } from 'node:zlib';

/**
 * A picture with a gradient, as PNG.
 * @param {number} width
 * @param {number} height
 * @param {number} [hue] 0 to 2: the colour that is strongest
 */
export function png(width, height, hue = 0) {
  const row = width * 3 + 1;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * row + 1 + x * 3;
      const shine = 90 + Math.round((120 * x) / width);
      const shade = 60 + Math.round((120 * y) / height);
      pixels[at + (hue % 3)] = shine + 40;
      pixels[at + ((hue + 1) % 3)] = shade;
      pixels[at + ((hue + 2) % 3)] = 220 - shade;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const parts = [part('IHDR', head), part('IDAT', deflateSync(pixels)), part('IEND', Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]));
}

/** @param {string} name @param {Buffer} data */
function part(name, data) {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([around.subarray(0, 4), named, around.subarray(4)]);
}

/** A tone, as WAV. @param {number} seconds */
export function wav(seconds) {
  const rate = 8_000;
  const samples = Buffer.alloc(Math.round(rate * seconds));
  for (let at = 0; at < samples.length; at += 1) samples[at] = 128 + Math.round(60 * Math.sin(at / 4));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.length, 40);
  return new Uint8Array(Buffer.concat([head, samples]));
}

/** @param {string} words */
export function text(words) {
  return new TextEncoder().encode(words);
}
