/* Help before somebody asks: common questions, articles that are searched or suggested, and one as it is read. */
import { textIn, type CommonQuestion, type Texts } from '../model/door';
import { Help } from '../state/help';
import { browserClock } from '@encke/ui/plain';
import { fill, h, iconButton, say } from '@encke/ui/elements';
import { rich } from './rich';
import type { Screen } from './screen';

export class HelpView {
  /** Stands where a conversation would. */
  readonly element: HTMLElement;
  /** Stands above everything while something is read. */
  readonly page: HTMLElement;
  readonly #screen: Screen;
  readonly #help: Help;
  readonly #ask: () => void;
  readonly #head = h('h2');
  readonly #list = h('ul');
  readonly #search: HTMLInputElement;
  #has = false;

  /** `ask`: what was read did not help. */
  constructor(screen: Screen, questions: readonly CommonQuestion[], ask: () => void) {
    this.#screen = screen;
    this.#ask = ask;
    const { words, visitor, locale } = screen;
    this.#help = new Help(visitor.desk, browserClock, () => this.#show());
    this.#search = h('input', {
      type: 'search',
      maxlength: 100,
      'aria-label': words.searchHelp,
      placeholder: words.searchHelp,
      oninput: () => this.#help.look(this.#search.value),
    });
    const buttons = questions.map((each) =>
      h(
        'button',
        { type: 'button', class: 'chip', onclick: () => this.#answer(each) },
        textIn(each.question, locale),
      ),
    );
    this.element = h(
      'section',
      { class: 'help', 'aria-label': words.help },
      h('div', { class: 'chips' }, ...buttons),
      h('div', { class: 'card', hidden: true }, this.#search, this.#head, this.#list),
    );
    this.page = h('article', { class: 'page', tabindex: -1, hidden: true });
    this.#help.look('');
  }

  /** What is being typed as the first question. */
  typed(text: string): void {
    this.#help.look(text.trim() === '' ? this.#search.value : text);
    say(this.#head, text.trim() === '' ? '' : this.#screen.words.perhaps);
  }

  close(): void {
    this.page.hidden = true;
    fill(this.page);
  }

  #show(): void {
    const { locale } = this.#screen;
    const { found } = this.#help;
    this.#has ||= found.length > 0;
    this.#list.parentElement!.hidden = !this.#has;
    fill(
      this.#list,
      ...found.map(({ id, title }) =>
        h(
          'li',
          {},
          h('button', { type: 'button', onclick: () => void this.#read(id) }, textIn(title, locale)),
        ),
      ),
    );
  }

  #answer({ question, answer, article }: CommonQuestion): void {
    if (article === undefined) this.#open(question, answer);
    else void this.#read(article);
  }

  async #read(article: number): Promise<void> {
    const { words } = this.#screen;
    try {
      const { title, text } = await this.#help.read(article);
      this.#open(title, text);
    } catch {
      this.#open({ en: words.help, 'zh-CN': words.help }, { en: words.noFile, 'zh-CN': words.noFile });
    }
  }

  #open(title: Texts, text: Texts): void {
    const { words, locale } = this.#screen;
    const back = iconButton('back', words.back, () => this.close());
    const foot = h('p', { class: 'helped', role: 'status' }, words.helped);
    const choice = (label: string, run: () => void) =>
      h('button', { type: 'button', class: 'chip', onclick: run }, label);
    foot.append(
      choice(words.yes, () => say(foot, words.glad)),
      choice(words.noAsk, () => {
        this.close();
        this.#ask();
      }),
    );
    fill(
      this.page,
      back,
      h('h2', { dir: 'auto' }, textIn(title, locale)),
      h('div', { class: 'rich', dir: 'auto' }, ...rich(textIn(text, locale))),
      foot,
    );
    this.page.hidden = false;
    this.page.scrollTop = 0;
    back.focus();
  }
}
