/** The calls for what a desk does by itself: its rules, its macros, and the times that it promises. */
import type { Api } from './api.js';
import type { components } from './wire.js';
import type { DeskTicket } from './desk.js';

type Schemas = components['schemas'];

/** When something happens, and if conditions hold, then something is done. */
export type DeskRule = Schemas['DeskRule'];
export type NumberedRule = Schemas['NumberedRule'];
export type RuleCondition = Schemas['Condition'];
export type RuleSubject = Schemas['Subject'];
export type RuleComparison = Schemas['Comparison'];
export type Happening = Schemas['Happening'];
/** What a rule or a macro does. */
export type RuleAct = Schemas['Act'];
export type RuleRun = Schemas['RuleRun'];
export type RuleTrial = Schemas['Trial'];
export type DeskMacro = Schemas['DeskMacro'];
export type PromisedTimes = Schemas['PromisedTimes'];

/** A macro as it is written; `own` says whether it is the caller's. */
export interface WrittenMacro {
  readonly name: string;
  readonly acts: RuleAct[];
  readonly own?: boolean;
}

export class AutomationApi {
  readonly #api: Pick<Api, 'call'>;

  constructor(api: Pick<Api, 'call'>) {
    this.#api = api;
  }

  rules(desk: string): Promise<{ rules: NumberedRule[] }> {
    return this.#api.call('GET', `${at(desk)}/rules`);
  }

  /** Makes a rule, or replaces the one with this number. */
  writeRule(desk: string, rule: DeskRule, id: number | null): Promise<NumberedRule> {
    return id === null
      ? this.#api.call('POST', `${at(desk)}/rules`, rule)
      : this.#api.call('PUT', `${at(desk)}/rules/${id}`, rule);
  }

  deleteRule(desk: string, id: number): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/rules/${id}`);
  }

  /** Puts all rules of a desk into this order. */
  orderRules(desk: string, rules: number[]): Promise<void> {
    return this.#api.call('PUT', `${at(desk)}/rules`, { rules });
  }

  /** Says whether a rule would do something on a ticket, or on the newest one, and does nothing. */
  tryRule(desk: string, rule: DeskRule, ticket: string | null): Promise<RuleTrial> {
    return this.#api.call('POST', `${at(desk)}/rules/try`, { rule, ...(ticket !== null && { ticket }) });
  }

  /** What a rule did, or what rules did to a ticket: the newest first, those before a number. */
  runs(
    desk: string,
    of: { rule: number } | { ticket: string },
    before?: number,
  ): Promise<{ runs: RuleRun[]; more: boolean }> {
    const [[name, value] = ['', '']] = Object.entries(of);
    const page = before === undefined ? '' : `&before=${before}`;
    return this.#api.call('GET', `${at(desk)}/runs?${name}=${encodeURIComponent(value)}${page}`);
  }

  /** The macros of the desk and the caller's own. */
  macros(desk: string): Promise<{ macros: DeskMacro[] }> {
    return this.#api.call('GET', `${at(desk)}/macros`);
  }

  /** Makes a macro, or replaces the one with this number. */
  writeMacro(desk: string, written: WrittenMacro, id: number | null): Promise<DeskMacro> {
    return id === null
      ? this.#api.call('POST', `${at(desk)}/macros`, written)
      : this.#api.call('PUT', `${at(desk)}/macros/${id}`, written);
  }

  deleteMacro(desk: string, id: number): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/macros/${id}`);
  }

  /** Does all that a macro says, or nothing. The same key again does nothing again. */
  runMacro(ticket: string, id: number, key: string): Promise<DeskTicket> {
    const path = `/v1/tickets/${encodeURIComponent(ticket)}/macros/${id}`;
    return this.#api.call('POST', path, undefined, { 'Idempotency-Key': key });
  }

  promise(desk: string): Promise<{ times: PromisedTimes[] }> {
    return this.#api.call('GET', `${at(desk)}/promise`);
  }

  setPromise(desk: string, times: PromisedTimes[]): Promise<{ times: PromisedTimes[] }> {
    return this.#api.call('PUT', `${at(desk)}/promise`, { times });
  }
}

const at = (desk: string): string => `/v1/desks/${encodeURIComponent(desk)}`;
