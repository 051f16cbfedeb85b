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
    bounced: 'The last mail came back: nobody gets mails at this address.',
    byMail: 'Asked by mail. The address says who wrote, and nothing proves it.',
  },
  mailbox: {
    title: 'E-mail',
    lead: 'Mails to this address become tickets, and your answers go back as mails.',
    address: 'Address that people write to',
    set: 'Take mails',
    change: 'Change the address',
    changed: 'The mailbox is saved.',
    none: 'Your mail server hands each mail to Encke with a token.',
    made: (when: string) => `The token was made ${when}.`,
    make: 'Make a token',
    rotate: 'Make a new token',
    rotateSure: 'The one of now ends at once. Your mail server keeps its mails until it has the new one.',
    shown: 'Copy it now: it is not shown again. Keep it in a file that only your mail server reads.',
    copy: 'Copy',
    copied: 'The token is copied.',
    line: 'The line for the pipe of your mail server:',
    end: 'Take no more mails',
    endSure:
      'Tickets stay. Mails that come from then on are not taken, and your mail server tells their senders.',
  },
};
