import { describe, expect, it } from 'vitest';
import { ApiError } from '@encke/sdk';
import { errorText } from '@encke/ui/plain';
import { textPaths } from '@encke/ui/testing';
import { en } from '../src/i18n/en';
import { thrownText } from '../src/i18n/errors';
import { zhCN } from '../src/i18n/zh-CN';

describe('the dictionaries', () => {
  it('have the same keys, none of them empty', () => {
    expect(textPaths(zhCN)).toEqual(textPaths(en));
    expect(textPaths(en).filter((path) => path.endsWith('(empty)'))).toEqual([]);
  });
});

describe('refusals in words', () => {
  it('have words of their own or the server’s sentence', () => {
    expect(errorText('wrong_password', 'x', zhCN)).toBe('用户名或密码错误。');
    expect(errorText('brand_new', 'A new reason.', en)).toBe('A new reason.');
    expect(thrownText(new ApiError('name_taken', '', false, null, 409), en)).toBe(
      'This name is taken, or looks like one that is.',
    );
    expect(thrownText(new TypeError('bug'), en)).toBe('That did not work.');
  });
});
