/** Texts that the device keeps for a page, by name. `localStorage` is one such storage. */
export interface TextStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}
