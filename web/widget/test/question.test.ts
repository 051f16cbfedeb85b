import { ApiError } from '@encke/sdk';
import { expect, test } from 'vitest';
import { Keep } from '../src/model/keep';
import { Asking, type Question } from '../src/state/question';

class Timers {
  time = 0;
  tasks: (() => void)[] = [];
  now = () => this.time;
  after = (_: number, task: () => void) => {
    this.tasks.push(task);
    return () => void (this.tasks = this.tasks.filter((each) => each !== task));
  };
}
const turn = () => new Promise((done) => setImmediate(done));

function stage(answers: (ApiError | string)[]) {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
    removeItem: (name: string) => void stored.delete(name),
  };
  const tried: Question[] = [];
  const sent: string[] = [];
  const timers = new Timers();
  const make = () =>
    new Asking<string>({
      keep: new Keep(() => storage, 'desk'),
      timers,
      send: async (question) => {
        tried.push(question);
        const answer = answers.shift() ?? 'c1';
        if (answer instanceof ApiError) throw answer;
        return answer;
      },
      sent: (ticket) => void sent.push(ticket),
      changed: () => undefined,
    });
  return { asking: make(), make, tried, sent, timers, stored };
}

test('a question is repeated with its key until it is answered, also by the next page', async () => {
  const away = ApiError.local('network', '', true);
  const { asking, make, tried, sent, timers, stored } = stage([away, away, 'c9']);
  asking.ask('Hello?', { name: 'Eve' });
  await turn();
  expect(asking.outgoing).toMatchObject({ text: 'Hello?', status: 'sending' });
  timers.tasks.shift()?.();
  await turn();
  const next = make();
  next.again();
  await turn();
  expect(new Set(tried.map(({ key }) => key)).size).toBe(1);
  expect(tried).toHaveLength(3);
  expect([sent, next.question, stored.size]).toEqual([['c9'], null, 0]);
});

test('one that is refused waits for the visitor, who tries again or lets it go', async () => {
  const no = ApiError.local('not_encke', 'No.', false, 400);
  const { asking, timers, sent } = stage([no, no]);
  asking.ask('Hello?', {});
  await turn();
  expect(asking.outgoing?.status).toBe('failed');
  expect(timers.tasks).toEqual([]);
  asking.again();
  await turn();
  asking.discard();
  expect([asking.question, asking.outgoing, sent]).toEqual([null, null, []]);
});

test('what was kept is a question or nothing', () => {
  for (const text of ['', '{', '7', '[]', '{"key":1}'])
    expect(new Asking({ ...parts(text) }).question).toBeNull();
});

function parts(text: string) {
  const storage = { getItem: () => text, setItem: () => undefined, removeItem: () => undefined };
  const send = () => Promise.reject(new Error('never'));
  return {
    keep: new Keep(() => storage, 'd'),
    timers: new Timers(),
    send,
    sent: () => undefined,
    changed: () => undefined,
  };
}
