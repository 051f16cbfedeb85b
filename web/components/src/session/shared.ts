/* Who is signed in on this page: one for all elements with the same server and the same source of tokens. */
import { SignedIn, type Where } from './person';

interface Shared {
  readonly signedIn: SignedIn;
  users: number;
}

const all: Shared[] = [];

/** One that stands already, or a new one. `leave` it with the same. */
export function join(where: Where): SignedIn {
  const isSame = ({ signedIn }: Shared) =>
    signedIn.phase !== 'replaced' &&
    signedIn.where.server === where.server &&
    signedIn.where.tokenUrl === where.tokenUrl &&
    signedIn.where.getToken === where.getToken;
  const known = all.find(isSame);
  if (known !== undefined) {
    known.users += 1;
    return known.signedIn;
  }
  const signedIn = new SignedIn(where);
  all.push({ signedIn, users: 1 });
  signedIn.start();
  return signedIn;
}

export function leave(signedIn: SignedIn): void {
  const at = all.findIndex((each) => each.signedIn === signedIn);
  const shared = all[at];
  if (shared === undefined) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  all.splice(at, 1);
  signedIn.stop();
}
