/* Who else looks at a ticket. Each tells it again while it is open, and is forgotten when it does not. */

export const lookAgainMs = 20_000;
export const forgetLookerMs = 45_000;
export const lookersMax = 50;

export type Lookers = ReadonlyMap<string, number>;

export function withLooker(lookers: Lookers, person: string, now: number): Lookers {
  const kept = [...lookers].filter(([other, at]) => other !== person && now - at < forgetLookerMs);
  return new Map([...kept.slice(-(lookersMax - 1)), [person, now]]);
}

export function lookingNow(lookers: Lookers, now: number, me: string): string[] {
  return [...lookers].flatMap(([person, at]) =>
    person === me || now - at >= forgetLookerMs ? [] : [person],
  );
}
