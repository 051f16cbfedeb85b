import { applyTheme, createFormat, pickLocale, type Format } from '@encke/ui/plain';
import { en, type Words } from '../i18n/en';
import { zhCN } from '../i18n/zh-CN';
import type { TextStorage } from '../model/drafts';
import { loadPreferences, savePreferences, type Preferences } from '../model/preferences';

/** The choices of this device, with the words and formats that follow from the language. */
export class PreferencesStore {
  #current: Preferences = $state.raw({
    language: 'en',
    theme: 'system',
    ctrlEnter: false,
    transport: 'auto',
  });
  readonly #format: Format = $derived(createFormat(this.#current.language));

  constructor(private readonly storage: TextStorage) {
    this.#current = loadPreferences(storage, pickLocale(navigator.languages));
    this.#show();
  }

  get current(): Preferences {
    return this.#current;
  }

  get words(): Words {
    return this.#current.language === 'zh-CN' ? zhCN : en;
  }

  get format(): Format {
    return this.#format;
  }

  change(choice: Partial<Preferences>): void {
    this.#current = { ...this.#current, ...choice };
    savePreferences(this.storage, this.#current);
    this.#show();
  }

  #show(): void {
    applyTheme(this.#current.theme, document.documentElement);
    document.documentElement.lang = this.#current.language;
  }
}
