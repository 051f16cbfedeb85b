/*
 * Style sheets that are made by script and shared by all elements: a page's Content-Security-Policy without `unsafe-inline` forbids
 * <style>, and lets these through.
 */
import common from './common.css?inline';
import conversation from './conversation.css?inline';
import desk from './desk.css?inline';
import list from './list.css?inline';
import { themeCss } from './theme';

const texts = { common: themeCss + common, conversation, desk, list };
const made = new Map<string, CSSStyleSheet>();

export function sheetsOf(names: readonly (keyof typeof texts)[]): CSSStyleSheet[] {
  return names.map((name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(texts[name]);
    made.set(name, sheet);
    return sheet;
  });
}
