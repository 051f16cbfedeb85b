/** The short notices at the edge of the screen, and the one question that may be open. */

export const noticeShownMs = 6_000;
export const noticesMax = 3;

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'error';
  /** Something that can be done about it, by a button. */
  readonly action?: NoticeAction;
}

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

export interface Question {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  /** An option of the question. It is off until it is chosen. */
  readonly choice?: { readonly label: string; readonly hint: string };
  readonly run: (chosen: boolean) => Promise<void> | void;
}

export class Notices {
  list: readonly Notice[] = $state.raw([]);
  question: Question | null = $state.raw(null);
  #next = 1;

  show(text: string, tone: Notice['tone'] = 'plain'): void {
    const id = this.#add({ text, tone });
    setTimeout(() => this.drop(id), noticeShownMs);
  }

  /** Shows something that can be done, until the returned function is called. */
  offer(text: string, action: NoticeAction): () => void {
    const id = this.#add({ text, tone: 'plain', action });
    return () => this.drop(id);
  }

  drop(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(notice: Omit<Notice, 'id'>): number {
    const id = this.#next++;
    this.list = [...this.list, { ...notice, id }].slice(-noticesMax);
    return id;
  }

  ask(question: Question): void {
    this.question = question;
  }
}
