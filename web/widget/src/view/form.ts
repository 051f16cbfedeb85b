/* What the desk asks before the first message. It loads only where a desk has set it up. */
import { textIn, type FormField } from '../model/door';
import { missing } from '../model/form';
import { h, say, set } from '@encke/ui/elements';
import type { Screen } from './screen';

const answerLettersMax = 200;

export class FormView {
  readonly element: HTMLElement;
  readonly #fields: readonly {
    readonly field: FormField;
    readonly input: HTMLInputElement | HTMLSelectElement;
    readonly fault: HTMLElement;
  }[];
  readonly #screen: Screen;

  constructor(form: readonly FormField[], screen: Screen) {
    this.#screen = screen;
    this.#fields = form.map((field, index) => {
      const id = `field-${index}`;
      const input = field.kind === 'choice' ? this.#choice(field, id) : inputOf(field.kind, field, id);
      const fault = h('span', { class: 'fault', id: `${id}-fault` });
      input.addEventListener('input', () => this.#mark(input, fault, ''));
      return { field, input, fault };
    });
    this.element = h(
      'fieldset',
      { class: 'form' },
      h('legend', {}, screen.words.fill),
      ...this.#fields.map(({ field, input, fault }) =>
        h(
          'div',
          { class: 'field' },
          h('label', { for: input.id }, textIn(field.label, screen.locale) || field.name),
          input,
          fault,
        ),
      ),
    );
  }

  /** A list to choose from; nothing is chosen at first. */
  #choice({ choices = [], required }: FormField, id: string): HTMLSelectElement {
    const options = choices.map((choice) => textIn(choice, this.#screen.locale));
    return h(
      'select',
      { id, 'aria-required': required === true ? 'true' : null },
      h('option', { value: '' }, '–'),
      ...options.map((text) => h('option', { value: text, dir: 'auto' }, text)),
    );
  }

  get values(): Record<string, string> {
    const given = this.#fields.map(({ field, input }) => [field.name, input.value.trim()] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== ''));
  }

  /** Shows what is missing, and goes to the first of it. True if nothing is. */
  check(): boolean {
    const wrong = missing(
      this.#fields.map(({ field }) => field),
      this.values,
    );
    const { words } = this.#screen;
    for (const { field, input, fault } of this.#fields) {
      const text = !wrong.includes(field)
        ? ''
        : field.kind === 'email' && input.value.trim() !== ''
          ? words.notAnAddress
          : words.required;
      this.#mark(input, fault, text);
    }
    this.#fields.find(({ field }) => field === wrong[0])?.input.focus();
    return wrong.length === 0;
  }

  #mark(input: HTMLElement, fault: HTMLElement, text: string): void {
    say(fault, text);
    set(input, 'aria-invalid', text === '' ? null : 'true');
    set(input, 'aria-describedby', text === '' ? null : fault.id);
  }
}

function inputOf(
  kind: Exclude<FormField['kind'], 'choice'>,
  { required }: FormField,
  id: string,
): HTMLInputElement {
  const type = { text: 'text', email: 'email', phone: 'tel' }[kind];
  return h('input', {
    id,
    type,
    maxlength: answerLettersMax,
    autocomplete: kind === 'text' ? null : type,
    'aria-required': required === true ? 'true' : null,
  });
}
