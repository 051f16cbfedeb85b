import { describe, expect, it } from 'vitest';
import { textPaths } from '@encke/ui/testing';
import { en } from '../src/i18n/en';
import { blockWords } from '../src/i18n/block-words';
import { linkWords } from '../src/i18n/link-words';
import { roomWords } from '../src/i18n/room-words';
import { zhCN } from '../src/i18n/zh-CN';

describe('the dictionaries', () => {
  it('have the same keys, none of them empty', () => {
    expect(textPaths(zhCN)).toEqual(textPaths(en));
    expect(textPaths(en).filter((path) => path.endsWith('(empty)'))).toEqual([]);
    for (const later of [roomWords, linkWords, blockWords]) {
      expect(textPaths(later['zh-CN'])).toEqual(textPaths(later.en));
      expect(textPaths(later).filter((path) => path.endsWith('(empty)'))).toEqual([]);
    }
  });
  it('count', () => {
    expect([1, 2].map(en.thread.members)).toEqual(['1 member', '2 members']);
    expect(zhCN.thread.members(1)).toBe('1 位成员');
  });
});
