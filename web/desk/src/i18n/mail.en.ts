/** The English words about mails of a ticket. */
export const mailEn = {
  mail: {
    title: 'E-mail',
    unconfirmed: 'Not confirmed yet: answers are sent once the visitor has opened the link in its mail.',
    confirmed: 'Confirmed. Answers go there while the visitor is away.',
    waiting: 'An answer waits to be sent.',
    sent: (when: string) => `Answers were mailed ${when}.`,
    refused: 'The last mail failed: the mail server refused it.',
    unreachable: 'The last mail failed: the mail server could not be reached.',
  },
};
