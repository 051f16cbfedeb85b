import { describe, expect, it } from 'vitest';
import { textPaths } from '@encke/ui/testing';
import { keepingWordsIn } from '../src/i18n/keeping';
import { fieldOf, offeredTimes, timeIn, timeText } from '../src/model/times';

describe('the times that are offered', () => {
  const local = (text: string): number => new Date(text).getTime();
  const offered = (text: string): string[] => offeredTimes(local(text)).map(({ at }) => fieldOf(at));
  it('are in an hour, tomorrow morning and Monday morning', () => {
    expect(offered('2025-11-19T23:30')).toEqual(['2025-11-20T00:30', '2025-11-20T09:00', '2025-11-24T09:00']);
    expect(offered('2025-11-24T08:00')).toEqual(['2025-11-24T09:00', '2025-11-25T09:00', '2025-12-01T09:00']);
  });
  it('are not the same twice on a Sunday', () => {
    expect(offered('2025-11-23T12:00')).toEqual(['2025-11-23T13:00', '2025-11-24T09:00']);
  });
  it('are read from a field, and written into one', () => {
    expect(fieldOf(timeIn('2025-11-23T12:05') ?? 0)).toBe('2025-11-23T12:05');
    expect(timeIn('')).toBeNull();
  });
  it('are said in both languages', () => {
    const now = local('2025-11-19T12:00');
    const at = (text: string): string[] =>
      (['en', 'zh-CN'] as const).map((locale) => timeText(local(text), now, locale));
    expect(at('2025-11-20T09:00')).toEqual(['Tomorrow 09:00', '明天 09:00']);
    expect(at('2025-11-19T09:00')).toEqual(['Today 09:00', '今天 09:00']);
    expect(at('2025-11-24T09:00')).toEqual(['Mon, Nov 24 09:00', '11月24日周一 09:00']);
    expect(at('2026-11-24T09:00')[0]).toBe('Tue, Nov 24, 2026 09:00');
  });
});

describe('the dictionaries of what is kept', () => {
  it('have the same keys, none of them empty', () => {
    expect(textPaths(keepingWordsIn['zh-CN'])).toEqual(textPaths(keepingWordsIn.en));
    expect(textPaths(keepingWordsIn).filter((path) => path.endsWith('(empty)'))).toEqual([]);
  });
});
