import { expect, test } from 'vitest';
import type { MessageFile } from '@encke/sdk';
import { filesLine, saidLine } from '../src/i18n/describe';
import { en } from '../src/i18n/en';
import { zhCN } from '../src/i18n/zh-CN';
import {
  boxOf,
  durationText,
  endingOf,
  kindOf,
  partsOf,
  plainName,
  sideMaxPx,
  sizeText,
  splitName,
  voiceNameAt,
} from '../src/model/files';

const file = (type: string, more: Partial<MessageFile> = {}): MessageFile => ({
  id: 'f1',
  name: 'a',
  bytes: 10,
  type,
  ...more,
});
const sides = { width: 40, height: 30 };

test('only pictures that the server has decoded are shown, and only what browsers play is played', () => {
  expect(kindOf(file('image/png', sides))).toBe('picture');
  expect(kindOf(file('image/png'))).toBe('other');
  for (const type of ['image/svg+xml', 'text/html', 'application/xhtml+xml', 'text/xml', 'image/tiff', ''])
    expect(kindOf(file(type, { ...sides, name: 'photo.png' }))).toBe('other');
  expect(kindOf(file('video/mp4', sides))).toBe('video');
  expect(kindOf(file('video/x-msvideo', sides))).toBe('other');
  expect(kindOf(file('audio/mpeg'))).toBe('sound');
});

test('sound that a browser has recorded is known by its container without sides, a voice by its name', () => {
  const name = voiceNameAt(new Date(2026, 10, 22, 9, 5, 3).getTime(), 'webm');
  expect(name).toBe('voice-20261122-090503.webm');
  expect(kindOf(file('video/webm', { duration_ms: 900, name }))).toBe('voice');
  expect(kindOf(file('video/webm', { duration_ms: 900 }))).toBe('sound');
  expect(kindOf(file('video/webm', { duration_ms: 900, ...sides, name }))).toBe('video');
  expect(kindOf(file('application/zip', { name }))).toBe('other');
});

test('pictures stand before the other files of their message', () => {
  const files = [file('text/csv', { id: 'f1' }), file('image/gif', { id: 'f2', ...sides })];
  const { pictures, others } = partsOf(files);
  expect([pictures.map(({ id }) => id), others.map(({ id }) => id)]).toEqual([['f2'], ['f1']]);
});

test('the box of a picture is known before it comes, and has bounds whatever its sides are', () => {
  expect(boxOf({ width: 1600, height: 1000 })).toEqual({ width: 320, height: 200 });
  for (const [width, height] of [
    [1, 1],
    [1, 60_000],
    [60_000, 1],
    [0, 0],
    [7_000, 7_000],
  ] as const) {
    const box = boxOf({ width, height });
    for (const side of [box.width, box.height]) {
      expect(side).toBeGreaterThanOrEqual(72);
      expect(side).toBeLessThanOrEqual(sideMaxPx);
    }
  }
});

test('a name shows what the file is: nothing turns it, nothing in it is unseen, its ending is kept', () => {
  expect(plainName('photo\u202egpj.exe')).toBe('photogpj.exe');
  expect(plainName('a\u200bb\u0000\n\ufeff.pdf')).toBe('ab.pdf');
  expect(plainName('\u200e\u2066')).toBe('file');
  const { head, tail } = splitName('a very long name of a file \u{1f600}.tar.gz');
  expect(tail).toBe('😀.tar.gz');
  expect(head + tail).toBe('a very long name of a file 😀.tar.gz');
  expect(splitName('<b>x</b>')).toEqual({ head: '<b>x</b>', tail: '' });
  expect([endingOf('a.tar.gz'), endingOf('README'), endingOf('x.toolong'), endingOf('报告.文档')]).toEqual([
    'GZ',
    '',
    '',
    '文档',
  ]);
});

test('sizes and lengths are read at a glance', () => {
  expect([0, 999, 1_000, 48_213, 5_400_000, 2 ** 31].map((bytes) => sizeText(bytes, String))).toEqual([
    '0 B',
    '999 B',
    '1 KB',
    '47 KB',
    '5.1 MB',
    '2 GB',
  ]);
  expect([0, 4_400, 61_000, 3_723_000].map(durationText)).toEqual(['0:00', '0:04', '1:01', '1:02:03']);
});

test('the list says what files a message has, in both languages', () => {
  const picture = file('image/png', sides);
  const plan = file('application/pdf', { name: 'pl\u202ean.pdf' });
  expect(filesLine([picture], en)).toBe('[Picture]');
  expect(filesLine([picture, picture, picture], zhCN)).toBe('[3 张图片]');
  expect(filesLine([plan], en)).toBe('[File] plan.pdf');
  expect(filesLine([plan], zhCN)).toBe('[文件] plan.pdf');
  expect(filesLine([plan, picture], en)).toBe('[2 files]');
  expect(saidLine('look', [picture], zhCN)).toBe('[图片] look');
  expect([saidLine('look', undefined, en), saidLine('', [], en)]).toEqual(['look', '']);
});
