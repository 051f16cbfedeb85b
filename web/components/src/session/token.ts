/*
 * Where the token of a page's person comes from: the site's own back end, by `token-url`, or a function of the page. It is asked for
 * again before the token in use ends.
 */

/** What a back end, or a function of the page, answers with. Without `expires_in_s` the token lives until it is revoked. */
export interface TokenAnswer {
  readonly token: string;
  readonly expires_in_s?: number | undefined;
}

export type GetToken = () => TokenAnswer | string | Promise<TokenAnswer | string>;

export interface Token {
  readonly text: string;
  /** Milliseconds until another is asked for; null for never. */
  readonly goodForMs: number | null;
}

/** Letters of a token. */
const tokenLettersMax = 8_192;
/** Milliseconds until the site's back end has to have answered. */
const answerMsMax = 20_000;
/** A token is renewed when this share of its life is over, and at least this long before its end where it lives so long. */
const renewedAt = 0.75;
/** The longest timer of a browser. */
const timerMsMax = 2 ** 31 - 1;

/** The site's back end says that nobody is signed in. */
export class SignedOut extends Error {}

/** Asks once. Throws `SignedOut`, or anything else if it is worth another try. */
export async function askedOf(getToken: GetToken): Promise<Token> {
  const answer = await getToken();
  const { token, expires_in_s: seconds } =
    typeof answer === 'string' ? { token: answer, expires_in_s: undefined } : (answer ?? {});
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || token.length > tokenLettersMax)
    throw new Error('The answer has no token.');
  const lives = typeof seconds === 'number' && seconds > 0;
  return { text: token, goodForMs: lives ? Math.min(seconds * 1_000 * renewedAt, timerMsMax) : null };
}

/** Asks an address of the site. `401` and `403` say that nobody is signed in there. */
export function byAddress(address: string): GetToken {
  return async () => {
    const response = await fetch(new URL(address, document.baseURI), {
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { Accept: 'application/json' },
      signal: AbortSignal.timeout(answerMsMax),
    });
    if (response.status === 401 || response.status === 403) throw new SignedOut('Nobody is signed in.');
    if (!response.ok) throw new Error(`The address of the token answered ${response.status}.`);
    return (await response.json()) as TokenAnswer;
  };
}
