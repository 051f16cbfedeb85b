/** The members of a large room as far as they were asked for, moved forward by what is told of the room. */
import type { Conversation, FeedEvent, Member, MemberPage } from '@encke/sdk';
import { membersAfter, type World } from '@encke/talk';

export class MemberPages {
  constructor(
    readonly members: readonly Member[] = [],
    /** Where the next page begins; undefined if there is none, or none was asked for. */
    readonly next?: string,
  ) {}

  with(page: MemberPage): MemberPages {
    const known = new Set(this.members.map((member) => member.person));
    const news = page.members.filter((member) => !known.has(member.person));
    return new MemberPages([...this.members, ...news], page.next);
  }

  /** Those who left go, roles and mutes change. Whoever joins comes with the last page. */
  after(event: FeedEvent): MemberPages {
    if (event.kind === 'member_left') {
      const left = event.body.person;
      return new MemberPages(
        this.members.filter((member) => member.person !== left),
        this.next,
      );
    }
    if (event.kind !== 'role_changed' && event.kind !== 'member_muted') return this;
    return new MemberPages(membersAfter(this.members, event), this.next);
  }
}

/**
 * What the list shows. Of a small room (`pages` is null) everybody: oneself first, then those who keep order, then by name. Of a large one
 * oneself, the owners that are known and the pages; while something is searched for, the pages alone.
 */
export function listed(
  conversation: Conversation,
  world: World,
  pages: MemberPages | null,
  query: string,
  language: string,
): readonly Member[] {
  const rank = (member: Member): number =>
    member.person === world.me.id ? 0 : { owner: 1, moderator: 2, member: 3 }[member.role];
  const name = (member: Member): string => world.people.get(member.person)?.display_name ?? '';
  const byName = new Intl.Collator(language);
  const sorted = [...conversation.members].sort(
    (a, b) => rank(a) - rank(b) || byName.compare(name(a), name(b)),
  );
  if (pages === null) {
    const wanted = query.trim().toLocaleLowerCase();
    return sorted.filter((member) => name(member).toLocaleLowerCase().includes(wanted));
  }
  if (query.trim() !== '') return pages.members;
  const first = sorted.filter((member) => rank(member) < 2);
  const there = new Set(first.map((member) => member.person));
  return [...first, ...pages.members.filter((member) => !there.has(member.person))];
}
