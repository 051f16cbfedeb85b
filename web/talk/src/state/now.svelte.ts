/** The time as far as "today" and "yesterday" need it: moves once a minute, whatever is shown. */
class Now {
  minute = $state(Date.now());
  second = $state(Date.now());

  constructor() {
    setInterval(() => (this.minute = Date.now()), 60_000);
  }
}

export const now = new Now();

/** The time, which moves once a minute. */
export const minute = (): number => now.minute;
