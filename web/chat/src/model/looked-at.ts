/* Whether the person looks at any page of the site in this browser. A lock says so, which ends with its page. */

const name = 'encke.looked-at';

/** Takes note that the person looks at this page. The answer ends that. */
export function lookAt(locks: LockManager | undefined): () => void {
  let end: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (end = resolve));
  void locks?.request(name, { mode: 'shared' }, () => until).catch(() => undefined);
  return end;
}

export async function isLookedAt(locks: LockManager | undefined): Promise<boolean> {
  const held = (await locks?.query())?.held ?? [];
  return held.some((lock) => lock.name === name);
}
