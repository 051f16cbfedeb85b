import { describe, expect, it } from 'vitest';
import { TestClock, TestStorage } from '@encke/ui/testing';
import { retryInSeconds } from '../src/model/connection';
import { Idle, awayAfterMs } from '../src/model/idle';
import { loadPreferences, savePreferences } from '../src/model/preferences';
import { setupCodeInHash } from '../src/model/setup-link';

describe('presence', () => {
  it('is away after five hidden minutes and online at once when seen', () => {
    const clock = new TestClock();
    const told: string[] = [];
    const idle = new Idle(clock, (state) => told.push(state));
    idle.hidden();
    clock.pass(awayAfterMs - 1);
    idle.visible();
    clock.pass(awayAfterMs);
    expect(told).toEqual([]);
    idle.hidden();
    clock.pass(awayAfterMs);
    idle.visible();
    idle.visible();
    expect(told).toEqual(['away', 'online']);
  });
});

describe('preferences', () => {
  it('come back, and fall back one by one', () => {
    const storage = new TestStorage();
    expect(loadPreferences(storage, 'zh-CN')).toEqual({
      language: 'zh-CN',
      theme: 'system',
      ctrlEnter: false,
      transport: 'auto',
      hiddenNotices: true,
      sound: false,
    });
    const chosen = { language: 'en', theme: 'dark', ctrlEnter: true, transport: 'sse' } as const;
    savePreferences(storage, { ...chosen, hiddenNotices: false, sound: true });
    expect(loadPreferences(storage, 'zh-CN')).toEqual({ ...chosen, hiddenNotices: false, sound: true });
    storage.kept.set('encke.preferences', '{"theme":"pink","language":7,"transport":"sse"}');
    expect(loadPreferences(storage, 'en')).toEqual({
      language: 'en',
      theme: 'system',
      ctrlEnter: false,
      transport: 'sse',
      hiddenNotices: true,
      sound: false,
    });
    storage.kept.set('encke.preferences', 'null');
    expect(loadPreferences(storage, 'en').theme).toBe('system');
  });
});

describe('the connection', () => {
  it('counts down to the next try', () => {
    const state = {
      phase: 'waiting',
      transport: 'sse',
      retryAt: 10_000,
      leader: true,
      lastError: null,
    } as const;
    expect([
      retryInSeconds(state, 7_001),
      retryInSeconds(state, 12_000),
      retryInSeconds({ ...state, phase: 'live' }, 0),
    ]).toEqual([3, 0, null]);
  });
});

describe('the link that the server prints', () => {
  it('carries the set-up code and nothing else does', () => {
    expect(setupCodeInHash('#setup=ab-C_1')).toBe('ab-C_1');
    for (const hash of ['', '#setup=', '#/c12', '#setup=a b']) expect(setupCodeInHash(hash)).toBeNull();
  });
});
