// What a site's back end needs of Encke: a token of the person who is signed in, made with an owner's account of its own.
const { ENCKE_URL = 'http://localhost:8080', ENCKE_NAME: name, ENCKE_PASSWORD: password } = process.env;
let cookie = '';
async function encke(path, body) {
  const headers = { 'content-type': 'application/json', origin: ENCKE_URL, cookie };
  const answer = await fetch(ENCKE_URL + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const set = answer.headers.getSetCookie().map((each) => each.split(';')[0]).join('; ');
  cookie = answer.ok ? set || cookie : ''; // Refused: the next one signs in anew.
  return answer.ok ? answer.json() : Promise.reject(new Error(await answer.text()));
}
export async function enckeToken(person) {
  if (cookie === '') await encke('/v1/sign-in', { name, password });
  return { token: (await encke('/v1/tokens', { password, person, expires_in_s: 600 })).token, expires_in_s: 600 };
}
