/** The screen of a desk's staff as an agent meets it: by the names and roles on it. */
import { freshBrowser } from './browser.mjs';
import { Visitor } from './visitor.mjs';

export class DeskPage {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  /**
   * In a browser of its own, signed in without the form.
   * @param {import('node:test').TestContext} t
   * @param {import('./member.mjs').Member} member
   * @param {import('playwright-core').BrowserContextOptions} [options]
   */
  static async open(t, member, options = {}) {
    const context = await freshBrowser(t, { viewport: { width: 1366, height: 820 }, ...options });
    const [name = '', value = ''] = member.cookie.split('=');
    await context.addCookies([{ name, value, url: member.url, httpOnly: true, sameSite: 'Lax' }]);
    const desk = new DeskPage(await context.newPage());
    await desk.page.goto(`${member.url}/desk/`);
    return desk;
  }

  /** The entry of a visitor's ticket in the list. @param {string} name */
  entry(name) {
    return this.page.getByTestId('ticket').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  get owner() {
    return this.page.getByTestId('owner');
  }

  get composer() {
    return this.page.getByRole('textbox', { name: /^Message to / });
  }

  get notes() {
    return this.page.getByTestId('note').locator('.rich');
  }

  /** @param {string} name */
  async choose(name) {
    await this.entry(name).click();
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    await this.page.getByTestId('message').first().waitFor();
  }

  /** @param {'Mine' | 'Unassigned' | 'All'} view */
  async see(view) {
    await this.page.getByRole('tab', { name: view }).click();
  }

  /** The names in the list, from top to bottom. */
  names() {
    return this.page.getByTestId('ticket').locator('strong').allTextContents();
  }

  /** The texts of the messages on screen. */
  texts() {
    return this.page.getByTestId('message').locator('.rich').allTextContents();
  }

  /** @param {string} text */
  async answer(text) {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** @param {string} text */
  async note(text) {
    await this.page.keyboard.press('Alt+p');
    const field = this.page.getByRole('textbox', { name: 'Private note' });
    await field.fill(text);
    await field.press('Enter');
  }

  /** @param {string} name */
  async fromTicketMenu(name) {
    await this.page.getByTestId('ticket-menu').click();
    await this.page.getByRole('menuitem', { name, exact: true }).click();
  }
}

/**
 * A desk with its staff, who are members of its room.
 * @param {import('./member.mjs').Member} owner
 * @param {import('./member.mjs').Member[]} agents
 * @returns {Promise<{ id: string, key: string, visitor: (name: string, language?: string) => Promise<Visitor> }>}
 */
export async function deskOf(owner, agents) {
  const { id, key } = await owner.call('POST', '/v1/desks', { name: 'Support' });
  for (const agent of agents)
    await owner.call('POST', `/v1/conversations/${id}/members`, { person: agent.id });
  return { id, key, visitor: (name, language) => Visitor.enter(owner.url, key, name, language) };
}
