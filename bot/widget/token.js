// @ts-check
/** Whose token it is, and where a new one comes from. The gateway verifies it; here it is only read. */

/** @typedef {{key: string, role: string, locale: string, zone: string | undefined, expires: number}} Claims */

/** The claims of a token, unverified; null for something that is no token. `expires` in ms since the epoch.
 * @param {string} token @returns {Claims | null} */
export function claimsOf(token) {
  try {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return {
      key: JSON.stringify([claims.iss ?? "", claims.role, claims.sub]),
      role: String(claims.role),
      locale: String(claims.locale ?? ""),
      zone: typeof claims.zoneinfo === "string" ? claims.zoneinfo : undefined,
      expires: Number(claims.exp) * 1000,
    };
  } catch {
    return null;
  }
}

/** Asks the host page for a token: by the event, else from `token-url`. Null when nobody is signed in.
 * @param {HTMLElement} element @param {"start" | "renew" | "refused"} reason @returns {Promise<string | null>} */
export async function askForToken(element, reason) {
  /** @type {Promise<string | null> | undefined} */
  let answer;
  const respond = (/** @type {string | null | Promise<string | null>} */ token) => void (answer = Promise.resolve(token));
  element.dispatchEvent(new CustomEvent("lotse-token", { detail: { reason, respond }, bubbles: true, composed: true }));
  if (answer) return answer;
  const url = element.getAttribute("token-url");
  if (!url) return null;
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, cache: "no-store" });
  if (response.status === 401 || response.status === 403 || response.status === 204) return null;
  if (!response.ok) throw new Error(`the token address answered ${response.status}`);
  return (await response.json()).token ?? null;
}
