import { expect, test } from 'vitest';
import type { MessageFile } from '@encke/sdk';
import { filesPerMessageMax } from '../src/model/files';
import { hasFiles, pastedFiles } from '../src/model/transferred';
import {
  canGo,
  changed,
  due,
  emptyTrays,
  posted,
  ready,
  resumed,
  trayOf,
  uploadsRunningMax,
  withFiles,
  without,
  withoutConversation,
  withoutPost,
  type Trays,
} from '../src/model/tray';

const files = (keys: string, bytes = 10) =>
  [...keys].map((key) => ({ key, name: `${key}.txt`, bytes, type: 'text/plain' }));
const tray = (keys: string, conversation = 'c1', before: Trays = emptyTrays) =>
  withFiles(before, conversation, files(keys)).trays;
const uploaded = (trays: Trays, key: string) =>
  changed(trays, key, {
    state: 'ready',
    file: { id: `f${key}`, name: key, bytes: 10, type: '' } as MessageFile,
  });
const keysOf = (list: readonly { readonly key: string }[]) => list.map(({ key }) => key).join('');
const post = (key: string, conversation = 'c1', text = '') => ({ key, conversation, text, options: {} });

test('a tray takes as many files as a message can have, and no empty one', () => {
  const all = files('x'.repeat(filesPerMessageMax + 5));
  expect(withFiles(emptyTrays, 'c1', all).taken).toBe(filesPerMessageMax);
  const { trays, taken } = withFiles(emptyTrays, 'c1', files('a', 0));
  expect(taken).toBe(1);
  expect(trays.attachments[0]).toMatchObject({ state: 'refused', refusal: { code: 'empty' } });
  expect(canGo(trayOf(trays, 'c1'))).toBe(false);
  expect(canGo([])).toBe(false);
});

test('some uploads run at once, and those that a message waits for go first', () => {
  let trays = posted(tray('d', 'c2', tray('abc')), post('m', 'c2'));
  expect(keysOf(due(trays))).toBe('dab');
  for (const { key } of due(trays)) trays = changed(trays, key, { state: 'going' });
  expect(trays.attachments.filter((each) => each.state === 'going').length).toBe(uploadsRunningMax);
  expect(due(trays)).toEqual([]);
  expect(keysOf(due(uploaded(trays, 'd')))).toBe('c');
});

test('a message waits for all of its uploads, and the next one of its conversation waits for it', () => {
  let trays = posted(tray('ab'), post('m1'));
  trays = posted(tray('c', 'c1', trays), post('m2'));
  trays = posted(tray('d', 'c2', trays), post('m3', 'c2'));
  trays = uploaded(uploaded(uploaded(trays, 'b'), 'c'), 'd');
  expect(ready(trays).map((each) => each.post.key)).toEqual(['m3']);
  trays = uploaded(trays, 'a');
  expect(ready(trays)[0]?.files.map(({ id }) => id)).toEqual(['fa', 'fb']);
  trays = withoutPost(trays, 'm1');
  expect(ready(trays).map((each) => each.post.key)).toEqual(['m2', 'm3']);
  expect(keysOf(trays.attachments)).toBe('cd');
});

test('what stopped goes on, one or all; what is refused does not', () => {
  let trays = changed(changed(tray('abc'), 'a', { state: 'stopped' }), 'b', { state: 'stopped' });
  trays = changed(trays, 'c', { state: 'refused' });
  expect(keysOf(due(resumed(trays, 'b')))).toBe('b');
  expect(keysOf(due(resumed(trays)))).toBe('ab');
});

test('a file that is taken away no longer holds up its message; a message without text goes with its last file', () => {
  const trays = uploaded(posted(tray('ab'), post('m')), 'a');
  expect(ready(trays)).toEqual([]);
  expect(ready(without(trays, 'b'))[0]?.files.map(({ id }) => id)).toEqual(['fa']);
  expect(without(without(trays, 'a'), 'b').posts).toEqual([]);
  const worded = posted(tray('a'), post('m', 'c1', 'text'));
  expect(ready(without(worded, 'a'))).toEqual([{ post: post('m', 'c1', 'text'), files: [] }]);
});

test('a conversation that was left takes its files and messages along', () => {
  const trays = posted(tray('b', 'c2', tray('a')), post('m', 'c2'));
  expect(withoutConversation(trays, 'c2')).toEqual(tray('a'));
});

test('of a paste the files are taken, unless a text with its looks is meant', () => {
  const picture = new File(['x'], '', { type: 'image/png' });
  const given = (types: string[]) => pastedFiles({ types, files: [picture] });
  expect(given(['Files']).map(({ name }) => name)).toEqual(['file.png']);
  expect(given(['text/html', 'Files']).length).toBe(1);
  expect(given(['text/plain', 'Files']).length).toBe(1);
  expect(given(['text/plain', 'text/html', 'Files'])).toEqual([]);
  expect([hasFiles({ types: ['Files'] }), hasFiles({ types: ['text/plain'] })]).toEqual([true, false]);
});
