/** The chat as a person meets it: by the names and roles on its screen. */
import { becomes } from './wait.mjs';

export class Chat {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  get list() {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  get composer() {
    return this.page.getByRole('textbox', { name: /^Message to / });
  }

  get connection() {
    return this.page.getByTestId('connection');
  }

  get account() {
    return this.page.getByTestId('account');
  }

  /** @param {string} title */
  entry(title) {
    return this.list.getByTestId('conversation').filter({ has: this.page.getByText(title, { exact: true }) });
  }

  /** @param {string} title */
  thread(title) {
    return this.page.getByRole('region', { name: `Messages in ${title}`, exact: true });
  }

  /** @param {string} title */
  async choose(title) {
    await this.entry(title).getByRole('link').click();
    await this.thread(title).waitFor();
  }

  /** @param {string} text */
  async say(text) {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** The texts on screen, from top to bottom. */
  texts() {
    return this.page.getByTestId('message').locator('.rich').allTextContents();
  }

  /** The ticks of the person's own messages, from top to bottom. */
  ticks() {
    return this.page
      .locator('[data-testid=message][data-tick]')
      .evaluateAll((all) => all.map((each) => each.getAttribute('data-tick')));
  }

  /** @param {string[]} texts */
  async shows(texts, within_ms = 30_000) {
    await becomes('the messages on screen', () => this.texts(), texts, within_ms);
  }

  /** The unread count beside a conversation, '' if there is none. @param {string} title */
  async unread(title) {
    return (await this.entry(title).locator('.badge').allTextContents()).join();
  }

  async isLiveOver(/** @type {string} */ transport, within_ms = 30_000) {
    await becomes(
      'the connection',
      () =>
        this.connection
          .locator('[data-phase]')
          .evaluateAll((all) => all.map((each) => ({ .../** @type {HTMLElement} */ (each).dataset }))),
      [{ phase: 'live', transport }],
      within_ms,
    );
  }

  /** Chooses a transport in the menu. @param {string} name */
  async chooseTransport(name) {
    await this.connection.click();
    await this.page.locator(`[role=menuitemradio][data-value=${name}]`).click();
  }

  /** @param {string} name */
  async fromAccountMenu(name) {
    await this.account.click();
    await this.page.getByRole('menuitem', { name, exact: true }).click();
  }

  async openDetails() {
    await this.page.getByRole('button', { name: 'Details' }).click();
    const details = this.page.getByRole('complementary', { name: 'Details' });
    await details.waitFor();
    return details;
  }

  /** Fills the form of the sign-in screen. @param {string} name @param {string} password */
  async signIn(name, password) {
    await this.page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await this.list.waitFor();
  }
}
