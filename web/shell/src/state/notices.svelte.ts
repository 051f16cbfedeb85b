/** The short notices at the edge of the screen, and the one question that may be open. */

export const noticeShownMs = 6_000;
export const noticesMax = 3;

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'error';
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
    const notice: Notice = { id: this.#next++, text, tone };
    this.list = [...this.list, notice].slice(-noticesMax);
    setTimeout(() => this.drop(notice.id), noticeShownMs);
  }

  drop(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  ask(question: Question): void {
    this.question = question;
  }
}
