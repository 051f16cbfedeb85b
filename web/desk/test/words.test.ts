import { describe, expect, it } from 'vitest';
import { textPaths } from '@encke/ui/testing';
import { automationEn } from '../src/i18n/automation.en';
import { automationZhCN } from '../src/i18n/automation.zh-CN';
import { en } from '../src/i18n/en';
import { mailEn } from '../src/i18n/mail.en';
import { mailZhCN } from '../src/i18n/mail.zh-CN';
import { peopleEn } from '../src/i18n/people.en';
import { peopleZhCN } from '../src/i18n/people.zh-CN';
import { zhCN } from '../src/i18n/zh-CN';
import { spanOf } from '../src/model/waiting';

describe('the dictionaries', () => {
  it('have the same keys, none of them empty', () => {
    expect(textPaths(zhCN)).toEqual(textPaths(en));
    expect(textPaths(peopleZhCN)).toEqual(textPaths(peopleEn));
    expect(textPaths(automationZhCN)).toEqual(textPaths(automationEn));
    expect(textPaths(mailZhCN)).toEqual(textPaths(mailEn));
    expect(textPaths(en).filter((path) => path.endsWith('(empty)'))).toEqual([]);
  });
  it('tell how long somebody waits', () => {
    const minute = 60_000;
    expect([0, 65_000, 60 * minute + 1, 25 * 60 * minute].map((ms) => en.span(spanOf(ms)))).toEqual([
      '0:00',
      '1:05',
      '1 h 0 min',
      '1 d 1 h',
    ]);
    expect(zhCN.span(spanOf(61 * minute))).toBe('1 小时 1 分');
  });
});
