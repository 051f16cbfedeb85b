/* What the form before the first question may say. */
import type { FormField } from './door';

/** A field of the form whose value will not do. An e-mail address is only looked at: whether it exists, only mail can tell. */
export function missing(form: readonly FormField[], values: Readonly<Record<string, string>>): FormField[] {
  return form.filter(({ name, kind, required }) => {
    const value = (values[name] ?? '').trim();
    if (value === '') return required === true;
    return kind === 'email' && !/^[^\s@]{1,64}@[^\s@]+\.[^\s@]{2,}$/.test(value);
  });
}
