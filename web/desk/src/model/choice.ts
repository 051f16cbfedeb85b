/* A choice of tickets as a form has it, and as the server takes it: what is empty does not matter. */
import type { BulkResult, TicketChoice, TicketState } from '@encke/sdk/desk';

export interface ChoiceFields {
  q: string;
  state: TicketState;
  owner: string;
  team: string;
  tag: string;
  priority: string;
  language: string;
  page: string;
  minutes: number | null;
}

export const noFields: Readonly<ChoiceFields> = {
  q: '',
  state: 'open',
  owner: '',
  team: '',
  tag: '',
  priority: '0',
  language: '',
  page: '',
  minutes: null,
};

export function choiceOf(fields: ChoiceFields): TicketChoice {
  const { q, owner, team, tag, language, page } = fields;
  const texts = Object.entries({ q, owner, team, tag, language, page })
    .map(([name, value]) => [name, value.trim()] as const)
    .filter(([, value]) => value !== '');
  const choice: TicketChoice = { state: fields.state, ...Object.fromEntries(texts) };
  if (Number(fields.priority) > 0) choice.priority = Number(fields.priority);
  if ((fields.minutes ?? 0) > 0) choice.waiting_s = Math.round((fields.minutes ?? 0) * 60);
  return choice;
}

export function fieldsOf(choice: TicketChoice): ChoiceFields {
  const { q = '', state = 'open', owner = '', team = '', tag = '', language = '', page = '' } = choice;
  const minutes = choice.waiting_s === undefined ? null : choice.waiting_s / 60;
  return { q, state, owner, team, tag, language, page, minutes, priority: String(choice.priority ?? 0) };
}

/** How many tickets were changed, how many were not, and why the first of these was not. */
export function resultOf(results: readonly BulkResult[]): { done: number; failed: number; why: string } {
  const errors = results.flatMap(({ error }) => error ?? []);
  return { done: results.length - errors.length, failed: errors.length, why: errors[0]?.message ?? '' };
}
