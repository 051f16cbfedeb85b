/* The form before the first question, as it is edited. */
import type { FormField } from '@encke/sdk/desk';

export const formFieldsMax = 10;
export const choicesRange = { min: 2, max: 20 };
export const choiceLettersMax = 30;
export const fieldKinds = [
  'text',
  'email',
  'phone',
  'choice',
] as const satisfies readonly FormField['kind'][];

/** The form with a further field, which has a name of its own. */
export function withField(form: readonly FormField[]): FormField[] {
  if (form.length >= formFieldsMax) return [...form];
  const names = new Set(form.map(({ name }) => name));
  let number = form.length + 1;
  while (names.has(`field-${number}`)) number += 1;
  const label = { en: '', 'zh-CN': '' };
  return [...form, { name: `field-${number}`, kind: 'text', label, required: false }];
}

/** A field of another kind: one that is chosen from begins with two choices, any other has none. */
export function ofKind(field: FormField, kind: FormField['kind']): FormField {
  const { choices, ...rest } = field;
  if (kind !== 'choice') return { ...rest, kind };
  const empty = () => ({ en: '', 'zh-CN': '' });
  return { ...rest, kind, choices: choices ?? [empty(), empty()] };
}

/** The form with a field one place further up (-1) or down (1). */
export function withMoved(form: readonly FormField[], at: number, by: -1 | 1): FormField[] {
  const [one, other] = [form[at], form[at + by]];
  if (one === undefined || other === undefined) return [...form];
  return form.map((field, place) => (place === at ? other : place === at + by ? one : field));
}
