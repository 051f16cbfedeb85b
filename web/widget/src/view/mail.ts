/* The visitor's address for answers while it is away, and the whole conversation by mail. It loads when nobody is on duty or a question is resolved. */
import { mailWords } from '../i18n/mail';
import { type Child, fill, h } from '@encke/ui/elements';
import type { Screen } from './screen';

interface VisitorMail {
  readonly address?: string;
  readonly confirmed: boolean;
}

const addressLettersMax = 254;

/** Puts the form after an element, or what became of the address; nothing if the site sends no mails. */
export async function showMail(screen: Screen, before: HTMLElement): Promise<void> {
  const { visitor, locale } = screen;
  const words = mailWords(locale);
  const path = `/v1/desks/${encodeURIComponent(visitor.desk)}/mail`;
  const api = visitor.client?.api;
  const known = await api?.call<VisitorMail>('GET', path).catch(() => undefined);
  if (api === undefined || known === undefined) return;

  const fault = h('p', { class: 'fault', id: 'mail-fault', role: 'alert' });
  const body = h('div');
  const card = h('section', { class: 'card mail', 'aria-label': words.address }, body, fault);

  const trying = async (button: HTMLButtonElement, act: () => Promise<void>): Promise<void> => {
    button.disabled = true;
    fault.textContent = '';
    await act().catch(({ code }: { code?: string }) => {
      fault.textContent =
        code === 'rate_limited' ? words.tooMany : code === 'invalid' ? words.notAnAddress : words.failed;
    });
    button.disabled = false;
  };

  const ask = (): void => {
    const input = h('input', {
      id: 'mail-address',
      type: 'email',
      maxlength: addressLettersMax,
      autocomplete: 'email',
      'aria-describedby': 'mail-fault',
    });
    const button = h('button', { type: 'submit', class: 'primary small' }, words.leave);
    const leave = async (): Promise<void> =>
      show(await api.call<VisitorMail>('PUT', path, { address: input.value.trim() }));
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      const wrong = input.value.trim() === '' || !input.checkValidity();
      if (wrong) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
      fault.textContent = wrong ? words.notAnAddress : '';
      if (wrong) input.focus();
      else void trying(button, leave);
    };
    const field = h('div', { class: 'field' }, h('label', { for: input.id }, words.lead), input);
    fill(body, h('form', { novalidate: true, onsubmit: submit }, field, part(button)));
  };

  const show = ({ address, confirmed }: VisitorMail): void => {
    if (address === undefined) return ask();
    const text = confirmed ? words.confirmed(address) : words.asked(address);
    const other = h('button', { type: 'button', class: 'primary small', onclick: ask }, words.other);
    const whole = h('button', { type: 'button', class: 'primary small' }, words.whole);
    const said = h('p', { role: 'status' }, text);
    whole.addEventListener('click', () => {
      const ticket = (visitor.ticket ?? visitor.tickets[0])?.id;
      if (ticket !== undefined)
        void trying(whole, async () => {
          await api.call('POST', `/v1/tickets/${ticket}/transcript`);
          said.textContent = words.sent;
        });
    });
    fill(body, part(said), part(confirmed ? whole : null, ' ', other));
  };

  show(known);
  before.after(card);
}

/** A part of the card, with the distance to the next one. */
function part(...children: Child[]): HTMLElement {
  return h('div', { class: 'field' }, ...children);
}
