// The service's API as pages call it: with the session's cookie and its CSRF token, and with each
// refusal in words.

import { persian } from "./persian.js";

export class Refused extends Error {}

const COMMON = {
  "missing-scope": "شما اجازهٔ این کار را ندارید.",
  unavailable: "سامانه موقتاً در دسترس نیست؛ چیزی از دست نرفته است. کمی بعد دوباره بکوشید.",
};

const LEAVING_MS = 5000;

// `problems`: a problem's type to its words; `signIn` is called when the session has run out, once
// for all that is refused while the browser leaves: of two sign-ins that are begun at once, the one's
// answer would find the other's cookie. `sessionPath` describes the session.
export function apiOf(problems, signIn, sessionPath = "/sign-in/session") {
  let session = null;
  let leaving = false;

  function words(status, problem) {
    const kind = String(problem.type ?? "").split(":").pop();
    if (problems[kind] ?? COMMON[kind]) return problems[kind] ?? COMMON[kind];
    const wrong = (problem.errors ?? []).map((each) => `${(each.loc ?? []).join(".")}: ${each.msg}`).join("؛ ");
    const why = wrong || problem.detail;
    return why ? `پذیرفته نشد: \u2068${why}\u2069` : `درخواست پذیرفته نشد (${persian(status)}).`;
  }

  async function call(path, options = {}) {
    let response;
    try {
      response = await fetch(path, { credentials: "same-origin", ...options });
    } catch {
      throw new Refused("ارتباط با سامانه برقرار نیست.");
    }
    return checked(response);
  }

  // The answer itself; a refusal is thrown in words.
  async function checked(response) {
    if (response.status === 401) {
      if (!leaving) {
        leaving = true;
        setTimeout(() => { leaving = false; }, LEAVING_MS); // where the way there failed
        signIn();
      }
      throw new Refused("باید دوباره وارد شوید.");
    }
    if (!response.ok) throw new Refused(words(response.status, await response.json().catch(() => ({}))));
    return response;
  }

  async function signedIn() {
    session ??= await (await call(sessionPath)).json();
    return session;
  }

  // The answer's JSON; null where it has none.
  async function send(method, path, body) {
    const headers = { "X-CSRF-Token": (await signedIn()).csrf_token, "Content-Type": "application/json" };
    const response = await call(path, { method, headers, body: JSON.stringify(body ?? {}) });
    return response.status === 204 ? null : response.json();
  }

  return { call, checked, send, signedIn };
}
