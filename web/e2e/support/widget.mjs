/** The widget as a visitor meets it on the page of a shop. */
import { becomes } from './wait.mjs';

export class Widget {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  get bubble() {
    return this.page.locator('[data-encke-desk] button');
  }

  get frame() {
    return this.page.frameLocator('iframe[title]');
  }

  get text() {
    return this.frame.locator('.write textarea');
  }

  async open() {
    await this.bubble.click();
    await this.text.waitFor();
  }

  /** @param {string} text */
  async say(text) {
    await this.text.fill(text);
    await this.text.press('Enter');
  }

  /** The texts on screen, from top to bottom, without the greeting. */
  texts() {
    return this.frame.locator('.rows .rich').allTextContents();
  }

  /** @param {string[]} texts */
  async shows(texts, within_ms = 20_000) {
    await becomes('the messages in the widget', () => this.texts(), texts, within_ms);
  }

  /** @param {string | RegExp} text */
  async state(text) {
    await this.frame.locator('.state', { hasText: text }).waitFor();
  }
}
