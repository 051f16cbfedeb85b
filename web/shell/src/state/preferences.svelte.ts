import { applyTheme, formatOf, pickLocale, type Format, type TextStorage } from '@encke/ui/plain';
import { loadPreferences, savePreferences, type Preferences } from '../model/preferences';

/** The choices of this device. A change is stored and shows at once. */
export class PreferencesStore {
  #current: Preferences = $state.raw({
    language: 'en',
    theme: 'system',
    ctrlEnter: false,
    hiddenNotices: true,
    sound: false,
    transport: 'auto',
  });

  constructor(private readonly storage: TextStorage) {
    this.#current = loadPreferences(storage, pickLocale(navigator.languages));
    this.#show();
  }

  get current(): Preferences {
    return this.#current;
  }

  /** The formats of times, numbers and lists in the chosen language. */
  get format(): Format {
    return formatOf(this.#current.language);
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
