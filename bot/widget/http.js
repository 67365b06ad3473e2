// @ts-check
/** Calls of the gateway: JSON both ways, the token and never a cookie. */

/** Rejects with `Refused` for any status but 2xx, and like `fetch` when there is no answer.
 * @param {string} address
 * @param {{method: string, token: string, body?: object, within?: number, ended: AbortSignal}} options `within` in ms
 * @returns {Promise<any>} */
export async function call(address, options) {
  return (await fetched(address, options)).json();
}

/** Like `call`, with the response itself.
 * @param {string} address
 * @param {{method: string, token: string, body?: object, within?: number, ended: AbortSignal}} options
 * @returns {Promise<Response>} */
export async function fetched(address, { method, token, body, within = 40_000, ended }) {
  const stop = new AbortController();
  for (const signal of [AbortSignal.timeout(within), ended]) signal.addEventListener("abort", () => stop.abort(), { once: true });
  const response = await fetch(address, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
    signal: stop.signal,
    credentials: "omit",
    cache: "no-store",
  });
  if (!response.ok) throw new Refused(response.status, Number(response.headers.get("Retry-After")));
  return response;
}

/** The gateway answered with something other than success. */
export class Refused extends Error {
  /** @param {number} status @param {number} seconds the gateway's Retry-After, 0 for none */
  constructor(status, seconds) {
    super(`status ${status}`);
    this.status = status;
    this.after = Math.min(Math.max(seconds || 1, 1), 30) * 1000;
  }

  /** Sending the same again would not help. */
  get final() {
    return this.status >= 400 && this.status < 500 && ![401, 408, 425, 429].includes(this.status);
  }
}
