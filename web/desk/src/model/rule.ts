/* Rules as somebody who is no programmer puts them together: what goes with what, and rules to begin with. */
import type {
  DeskRule,
  Happening,
  RuleAct,
  RuleComparison,
  RuleCondition,
  RuleSubject,
} from '@encke/sdk/desk';

export const happenings: readonly Happening[] = [
  'asked',
  'wrote',
  'answered',
  'waits',
  'assigned',
  'state',
  'tagged',
  'rated',
  'late',
];
const withText: readonly Happening[] = ['asked', 'wrote', 'answered'];

const allSubjects: readonly RuleSubject[] = [
  'text',
  'page',
  'title',
  'hours',
  'language',
  'returning',
  'tag',
  'team',
  'priority',
  'state',
  'stars',
  'attribute',
];

/** What a condition may look at when this happens. */
export function subjectsOf(when: Happening): readonly RuleSubject[] {
  return withText.includes(when) ? allSubjects : allSubjects.filter((each) => each !== 'text');
}

const ofText: readonly RuleComparison[] = ['contains', 'contains_not', 'is', 'is_not'];
const ofChoice: readonly RuleComparison[] = ['is', 'is_not'];
const ofNumber: readonly RuleComparison[] = ['is', 'at_least', 'at_most'];

/** The values to choose from; null where a text is typed. */
export function choicesOf(of: RuleSubject): readonly string[] | null {
  switch (of) {
    case 'hours':
      return ['open', 'closed'];
    case 'language':
      return ['en', 'zh-CN'];
    case 'returning':
      return ['yes', 'no'];
    case 'state':
      return ['open', 'snoozed', 'resolved'];
    case 'priority':
      return ['0', '1', '2', '3'];
    case 'stars':
      return ['1', '2', '3', '4', '5'];
    default:
      return null;
  }
}

export function comparisonsOf(of: RuleSubject): readonly RuleComparison[] {
  if (of === 'priority' || of === 'stars') return ofNumber;
  if (of === 'attribute') return [...ofText, 'at_least', 'at_most'];
  return choicesOf(of) === null ? ofText : ofChoice;
}

/** A condition on something else: what was typed stays where it fits. */
export function conditionOf(of: RuleSubject, before?: RuleCondition): RuleCondition {
  const choices = choicesOf(of);
  const [first = 'is'] = comparisonsOf(of);
  const kept = before?.value ?? '';
  return {
    of,
    name: of === 'attribute' ? (before?.name ?? '') : '',
    is: before !== undefined && comparisonsOf(of).includes(before.is) ? before.is : first,
    value: choices === null ? kept : choices.includes(kept) ? kept : (choices[0] ?? ''),
  };
}

export type ActKind = RuleAct['act'];
export const actKinds: readonly ActKind[] = [
  'answer',
  'canned',
  'tag',
  'untag',
  'priority',
  'team',
  'assign',
  'note',
  'snooze',
  'resolve',
  'alert',
];

/** An act of a kind with nothing filled in. */
export function actOf(kind: ActKind): RuleAct {
  switch (kind) {
    case 'tag':
    case 'untag':
      return { act: kind, tag: '' };
    case 'priority':
      return { act: kind, priority: 2 };
    case 'team':
      return { act: kind, team: '' };
    case 'assign':
      return { act: kind, person: null };
    case 'snooze':
      return { act: kind, seconds: 4 * 3600 };
    case 'answer':
      return { act: kind, text: { en: '', 'zh-CN': '' } };
    case 'canned':
      return { act: kind, id: 0 };
    case 'note':
      return { act: kind, text: '' };
    default:
      return { act: kind };
  }
}

export function emptyRule(): DeskRule {
  return {
    name: '',
    enabled: true,
    when: 'asked',
    after_s: 0,
    matching: 'all',
    conditions: [],
    acts: [actOf('tag')],
  };
}

export type TemplateName = 'closed' | 'pricing' | 'waits' | 'late' | 'unhappy';
export const templateNames: readonly TemplateName[] = ['closed', 'pricing', 'waits', 'late', 'unhappy'];

/** Rules to begin with. The texts are in both languages, since visitors of both read them. */
export function templateOf(name: TemplateName, title: string): DeskRule {
  const rule = { ...emptyRule(), name: title };
  switch (name) {
    case 'closed':
      return {
        ...rule,
        conditions: [{ of: 'hours', name: '', is: 'is', value: 'closed' }],
        acts: [
          {
            act: 'answer',
            text: {
              en: 'Hello {{visitor}}, we are not here now. We answer as soon as we are back.',
              'zh-CN': '{{visitor}}，您好！我们现在不在线，上线后会尽快回复您。',
            },
          },
          { act: 'tag', tag: 'offline' },
        ],
      };
    case 'pricing':
      return {
        ...rule,
        conditions: [{ of: 'page', name: '', is: 'contains', value: '/pricing' }],
        acts: [
          { act: 'tag', tag: 'sales' },
          {
            act: 'answer',
            text: {
              en: 'Hello {{visitor}}! Which plan are you looking at?',
              'zh-CN': '{{visitor}}，您好！您在看哪个方案？',
            },
          },
        ],
      };
    case 'waits':
      return {
        ...rule,
        when: 'waits',
        after_s: 180,
        acts: [
          {
            act: 'answer',
            text: {
              en: 'Thank you for waiting. Somebody will be with you soon.',
              'zh-CN': '感谢您的耐心等待，客服马上就来。',
            },
          },
          { act: 'priority', priority: 2 },
        ],
      };
    case 'late':
      return { ...rule, when: 'late', acts: [{ act: 'priority', priority: 3 }, { act: 'alert' }] };
    case 'unhappy':
      return {
        ...rule,
        when: 'rated',
        conditions: [{ of: 'stars', name: '', is: 'at_most', value: '2' }],
        acts: [{ act: 'tag', tag: 'unhappy' }, { act: 'alert' }],
      };
  }
}

/** A rule when it waits for something else. */
export function waitingFor(rule: DeskRule, when: Happening): DeskRule {
  const conditions = (rule.conditions ?? []).filter(({ of }) => subjectsOf(when).includes(of));
  return { ...rule, when, after_s: when === 'waits' ? rule.after_s || 180 : 0, conditions };
}

/** A list in which one entry has moved by a step. */
export function moved<T>(list: readonly T[], index: number, step: number): T[] {
  const to = index + step;
  const copy = [...list];
  const [entry] = copy.splice(index, 1);
  if (entry === undefined || to < 0 || to > copy.length) return [...list];
  copy.splice(to, 0, entry);
  return copy;
}
