import { describe, expect, it } from 'vitest';
import { avatarColour, avatarColours, createFormat, initials, isEmojiOnly, pickLocale } from '../src/plain';

describe('isEmojiOnly', () => {
  it('is true for up to three emoji, joined ones and flags too', () => {
    for (const text of ['🎉', '👍🏽 👩‍👩‍👧', '🇨🇳', '❤️']) expect(isEmojiOnly(text), text).toBe(true);
    for (const text of ['', '  ', '1', '12', 'ok 🎉', '🎉🎉🎉🎉', '好'])
      expect(isEmojiOnly(text), text).toBe(false);
  });
});

describe('initials', () => {
  it('takes the given name of Chinese names and the outer words of others', () => {
    expect(initials('林晓雨')).toBe('晓雨');
    expect(initials('读书会', 'start')).toBe('读书');
    expect(initials('Ada Brown')).toBe('AB');
    expect(initials('mei')).toBe('M');
    expect(initials('张 Wei')).toBe('张');
    expect(initials('🎉')).toBe('🎉');
    expect(initials('  ')).toBe('?');
  });
});

describe('avatar colours', () => {
  it('are the same for the same id and dark enough for white letters', () => {
    expect(avatarColour('p12')).toBe(avatarColour('p12'));
    expect(new Set(Array.from({ length: 60 }, (_, index) => avatarColour(`p${index}`))).size).toBe(
      avatarColours.length,
    );
    for (const colour of avatarColours)
      expect(1.05 / (luminance(colour) + 0.05), colour).toBeGreaterThanOrEqual(4.5);
  });
});

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe('formats', () => {
  const now = new Date(2026, 10, 21, 10, 0).getTime();
  const at = (days: number): number => new Date(2026, 10, 21 - days, 9, 5).getTime();
  it('names near days by word and far ones by date, in each language', () => {
    const en = createFormat('en');
    expect([0, 1, 3].map((days) => en.day(at(days), now))).toEqual(['Today', 'Yesterday', 'Wednesday']);
    expect(en.brief(at(0), now)).toBe('09:05');
    const zh = createFormat('zh-CN');
    expect([0, 1, 3].map((days) => zh.day(at(days), now))).toEqual(['今天', '昨天', '星期三']);
    expect(zh.day(at(400), now)).toBe('2025年10月17日');
  });
  it('counts by the rules of the language', () => {
    expect(createFormat('en').plural(1, { one: 'one', other: 'many' })).toBe('one');
    expect(createFormat('en').plural(0, { one: 'one', other: 'many' })).toBe('many');
    expect(createFormat('zh-CN').plural(1, { one: 'one', other: 'many' })).toBe('many');
  });
  it('picks the first language it has', () => {
    expect(pickLocale(['fr', 'zh-Hant-TW', 'en'])).toBe('zh-CN');
    expect(pickLocale(['de'])).toBe('en');
  });
});
