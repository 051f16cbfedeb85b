import type {
  AutomationApi,
  Availability,
  Desk,
  DeskAgent,
  DeskApi,
  DeskMacro,
  DeskTeam,
  DeskTicket,
} from '@encke/sdk/desk';
import type { Talk } from '@encke/talk/state';
import { Inbox } from './inbox.svelte';

const agentsAfterMs = 5_000;

/** The desk on screen: its tickets and its staff. */
export class OpenDesk {
  readonly inbox: Inbox;
  agents: readonly DeskAgent[] = $state.raw([]);
  desk: Desk = $state.raw(null!);
  teams: readonly DeskTeam[] = $state.raw([]);
  /** The notes that mention this person and that it has not seen. */
  mentionsUnseen = $state(0);
  /** Raised by each change of a ticket. */
  news = $state(0);
  /** The macros that this person may run. */
  macros: readonly DeskMacro[] = $state.raw([]);

  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    desk: Desk,
    private readonly api: DeskApi,
    private readonly talk: Talk,
    private readonly me: string,
    private readonly automation: AutomationApi,
  ) {
    this.desk = desk;
    this.inbox = new Inbox({ api, desk: desk.id, me, learnt: (people) => talk.learn(people) });
  }

  get id(): string {
    return this.desk.id;
  }

  /** Whether this person may change the desk. */
  get governs(): boolean {
    return this.desk.role !== 'member';
  }

  get mine(): DeskAgent | undefined {
    return this.agents.find(({ person }) => person.id === this.me);
  }

  begin(): void {
    void this.inbox.begin();
    void this.loadAgents();
    void this.loadMacros();
    void this.loadTeams();
    void this.countMentions();
  }

  async loadTeams(): Promise<void> {
    const answer = await this.api.teams(this.id).catch(() => null);
    if (answer !== null) this.teams = answer.teams;
  }

  async countMentions(): Promise<void> {
    const answer = await this.api.mentions(this.id).catch(() => null);
    if (answer !== null) this.mentionsUnseen = answer.unseen;
  }

  /** Whether this person only reads. */
  get readsOnly(): boolean {
    return this.mine?.reads_only === true;
  }

  stop(): void {
    this.inbox.stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  happened(ticket: DeskTicket): void {
    this.news += 1;
    this.inbox.happened(ticket);
    // How many tickets each agent has follows them, some time later.
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.loadAgents();
    }, agentsAfterMs);
  }

  async loadAgents(): Promise<void> {
    const answer = await this.api.agents(this.id).catch(() => null);
    if (answer === null) return;
    this.talk.learn(answer.agents.map(({ person }) => person));
    this.agents = answer.agents;
  }

  async loadMacros(): Promise<void> {
    const answer = await this.automation.macros(this.id).catch(() => null);
    if (answer !== null) this.macros = answer.macros;
  }

  /** Sets how available this person is, and answers whether it went. It shows at once, and goes back if the server refuses. */
  async setAvailability(
    availability: Availability,
    attempt: (action: () => Promise<void>) => Promise<boolean>,
  ): Promise<boolean> {
    const before = this.agents;
    this.agents = before.map((agent) => (agent.person.id === this.me ? { ...agent, availability } : agent));
    const went = await attempt(async () => void (await this.api.setMe(this.id, { availability })));
    if (!went) this.agents = before;
    return went;
  }
}
