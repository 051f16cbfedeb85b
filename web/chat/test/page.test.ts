import { describe, expect, it } from 'vitest';
import { conversationInHash, hashOf } from '../src/model/route';
import { shortcutOf, type ShortcutPress } from '../src/model/shortcut';

describe('addresses and keys', () => {
  it('keep the conversation in the hash and take nothing odd from it', () => {
    expect(conversationInHash(hashOf('c12'))).toBe('c12');
    for (const hash of ['', '#/', '#/a/b', '#/<img>', '#c12']) expect(conversationInHash(hash)).toBeNull();
  });
  it('know the shortcuts by the place of the key', () => {
    const press: ShortcutPress = {
      key: '∆',
      code: 'KeyJ',
      altKey: true,
      ctrlKey: false,
      metaKey: false,
      shiftKey: false,
      isComposing: false,
    };
    expect(shortcutOf(press)).toBe('next');
    expect(shortcutOf({ ...press, code: 'KeyK' })).toBe('previous');
    expect(shortcutOf({ ...press, code: 'KeyK', altKey: false, metaKey: true })).toBe('search');
    expect(shortcutOf({ ...press, key: 'Escape', code: 'Escape', altKey: false })).toBe('back');
    expect(
      shortcutOf({ ...press, key: 'Escape', code: 'Escape', altKey: false, isComposing: true }),
    ).toBeNull();
    expect(shortcutOf({ ...press, altKey: false })).toBeNull();
  });
});
