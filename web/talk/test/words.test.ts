import { describe, expect, it } from 'vitest';
import { textPaths } from '@encke/ui/testing';
import { previewOf, systemLine } from '../src/i18n/describe';
import { en } from '../src/i18n/en';
import { choiceWords } from '../src/i18n/choice-words';
import { fileWords } from '../src/i18n/file-words';
import { reportWords } from '../src/i18n/report-words';
import { shutWords } from '../src/i18n/shut-words';
import { zhCN } from '../src/i18n/zh-CN';
import { fromSnapshot } from '../src/model/world';
import { Example, person } from './example';

describe('the dictionaries', () => {
  it('have the same keys, none of them empty', () => {
    expect(textPaths(zhCN)).toEqual(textPaths(en));
    expect(textPaths(en).filter((path) => path.endsWith('(empty)'))).toEqual([]);
    for (const later of [fileWords, choiceWords, reportWords, shutWords]) {
      expect(textPaths(later['zh-CN'])).toEqual(textPaths(later.en));
      expect(textPaths(later).filter((path) => path.endsWith('(empty)'))).toEqual([]);
    }
  });
});

describe('events in words', () => {
  const site = new Example(person('p1', 'Mei'), person('p2', '林晓雨'), person('p3', 'Ada'));
  site.create('c1', 'room', 'Orbit', ['p2', 'p1']);
  site.join('c1', 'p3', 'p1');
  site.role('c1', 'p3', 'owner', 'p2');
  site.change('c1', 'Orbits', 'p3');
  site.role('c1', 'p2', 'moderator', 'p1');
  site.mute('c1', 'p2', 9_000, 'p1');
  site.mute('c1', 'p2', null, 'p1');
  site.append('c1', 'changed', 'p2', { topic: 'Comets', announcement: true, by: 'p2' });
  site.leave('c1', 'p3', 'p3');
  const world = fromSnapshot(site.snapshot('p1'), fromSnapshot(site.snapshot('p2')));
  const conversation = site.conversation('c1', 'p1');
  const lines = (words: typeof en | typeof zhCN): string[] =>
    site.log
      .filter((event) => event.stream === 'c1')
      .map((event) => systemLine(event, conversation, world, words));

  it('say who did what to whom; who is unknown is a former member', () => {
    expect(lines(en)).toEqual([
      '林晓雨 created the room “Orbit”',
      'You invited Ada',
      '林晓雨 made Former member an owner',
      'Former member renamed the room to “Orbits”',
      'You made 林晓雨 a moderator',
      'You muted 林晓雨',
      'You allowed 林晓雨 to write again',
      '林晓雨 set the topic “Comets” · 林晓雨 allowed only owners and moderators to write',
      'Former member left',
    ]);
    expect(lines(zhCN)[1]).toBe('你邀请了 Ada');
  });
  it('preview what matters most: failed, then draft, then the newest', () => {
    site.say('c1', 'p2', 'a\n\n  b');
    const now = {
      conversation: site.conversation('c1', 'p1'),
      world,
      draft: '',
      failed: null,
      hidden: false,
    };
    expect(previewOf(now, en)).toEqual({ lead: '林晓雨:', text: 'a b', tone: 'plain' });
    expect(previewOf({ ...now, hidden: true }, en)).toMatchObject({ lead: '', text: 'Deleted for you' });
    expect(previewOf({ ...now, draft: 'x' }, en).tone).toBe('draft');
    expect(previewOf({ ...now, draft: 'x', failed: 'y' }, en)).toEqual({
      lead: 'Not sent:',
      text: 'y',
      tone: 'failed',
    });
  });
  it('say of a guest that it is one', () => {
    const open = new Example(person('p1', 'Mei'), { ...person('p2', 'Ada'), name: null, role: 'guest' });
    open.create('c1', 'room', 'Orbit', ['p1']);
    open.join('c1', 'p2', 'p2');
    const here = fromSnapshot(open.snapshot('p1'));
    const joined = open.log.find((event) => event.kind === 'member_joined');
    const conversation = open.conversation('c1', 'p1');
    expect(joined && systemLine(joined, conversation, here, en)).toBe('Ada (Guest) joined');
    expect(joined && systemLine(joined, conversation, here, zhCN)).toContain('Ada（访客）');
    open.say('c1', 'p2', 'hello');
    const now = {
      conversation: open.conversation('c1', 'p1'),
      world: here,
      draft: '',
      failed: null,
      hidden: false,
    };
    expect(previewOf(now, en).lead).toBe('Ada (Guest):');
  });
});
