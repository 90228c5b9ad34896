/**
 * Client of keyturn, the self-hosted password-reset service: `fetch` and Web Crypto, no dependency. For browsers, Node 18, Deno, Bun and
 * workers.
 *
 * - {@link Keyturn}: what a frontend does: forgot, check, reset, log in.
 * - {@link KeyturnAdmin}: the user API, on the admin address. Never in a browser.
 * - {@link verifyWebhook}: what keyturn tells your app, checked.
 * - {@link usersReceiver}: keyturn asks your app about its users (`users.source = http`).
 */

/** What keyturn refused. `code` is stable and meant for programs; `status` is 0 and `code` is `unreachable` if no answer came. */
export class KeyturnError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** One a field. */
    readonly errors: readonly { field: string; code: string; detail: string }[] = [],
    /** Seconds after which another attempt makes sense. */
    readonly retryAfter: number | null = null,
  ) {
    super(`${status} ${code}: ${detail}`);
    this.name = "KeyturnError";
  }
}

export interface Options {
  /** Milliseconds for one request. */
  timeout?: number;
  /** Another `fetch`, for tests. */
  fetch?: typeof fetch;
}

class Endpoint {
  readonly #url: string;
  readonly #options: Options;
  readonly #token: string | undefined;

  constructor(url: string, options: Options, token?: string) {
    this.#url = url.replace(/\/+$/, "");
    this.#options = options;
    this.#token = token;
  }

  async call(method: string, path: string, body?: object, token = this.#token): Promise<any> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    if (token) headers["Authorization"] = `Bearer ${token}`;
    const send = this.#options.fetch ?? fetch;
    let answer: Response, text: string;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.#options.timeout ?? 15_000);
    try {
      // A redirect is an error: what is meant for one place reaches no other.
      answer = await send(this.#url + path, {
        method, headers, body: body ? JSON.stringify(body) : null, redirect: "error", credentials: "omit",
        signal: abort.signal,
      });
      text = await answer.text();
    } catch (error) {
      throw new KeyturnError(0, "unreachable", String(error));
    } finally {
      clearTimeout(timer);
    }
    const json = parsed(text);
    if (answer.ok) return json;
    const wait = answer.headers.get("retry-after") ?? "";
    throw new KeyturnError(
      answer.status, String(json?.code ?? "unknown"), String(json?.detail ?? answer.statusText), json?.errors ?? [],
      /^\d+$/.test(wait) ? Number(wait) : null);
  }
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface Session { access_token: string; token_type: "Bearer"; expires_in: number }
export interface Account { id: string; external_id: string | null; email: string; email_verified: boolean }

/** keyturn at its public URL. Every method throws a {@link KeyturnError} if it is refused. */
export class Keyturn {
  readonly #endpoint: Endpoint;
  constructor(url: string, options: Options = {}) { this.#endpoint = new Endpoint(url, options); }

  /** Asks for a link. The answer is the same whether or not the address has an account. */
  async forgotPassword(email: string, more: { returnTo?: string; lang?: string } = {}): Promise<string> {
    const path = "/forgot-password" + (more.lang ? `?lang=${encodeURIComponent(more.lang)}` : "");
    return this.#message(path, { email, ...(more.returnTo ? { return_to: more.returnTo } : {}) });
  }

  /** Until when the link works; throws `token_invalid` or `token_expired` if it does not. Uses nothing up. */
  async checkLink(token: string): Promise<{ expiresAt: Date }> {
    const answer = await this.#endpoint.call("GET", `/reset-password?token=${encodeURIComponent(token)}`);
    return { expiresAt: new Date(answer.expires_at) };
  }

  /** Sets the password. A refused one (`password_rejected`) leaves the link usable. */
  async resetPassword(token: string, password: string, confirmPassword?: string): Promise<string> {
    return this.#message("/reset-password", {
      token, password, ...(confirmPassword === undefined ? {} : { confirm_password: confirmPassword }),
    });
  }

  /** Ends every open link of the account. */
  async notMe(token: string): Promise<string> { return this.#message("/not-me", { token }); }

  async login(email: string, password: string): Promise<Session> {
    return this.#endpoint.call("POST", "/login", { email, password });
  }

  async me(accessToken: string): Promise<Account> {
    return this.#endpoint.call("GET", "/me", undefined, accessToken);
  }

  async #message(path: string, body: object): Promise<string> {
    return String((await this.#endpoint.call("POST", path, body))?.message ?? "");
  }
}

export interface UserChange { email: string; verified?: boolean; password_hash?: string; disabled?: boolean }
/** An account as the user API shows it; no answer holds a password hash. */
export interface User { external_id: string | null; email: string; [member: string]: unknown }

/** The user API at keyturn's admin address, with one of `admin.token`. */
export class KeyturnAdmin {
  readonly #endpoint: Endpoint;
  constructor(url: string, token: string, options: Options = {}) { this.#endpoint = new Endpoint(url, options, token); }

  /** Creates or changes the account of your id. What is absent stays as it is; a new account is unverified. */
  async putUser(externalId: string, change: UserChange): Promise<User> { return this.#call("PUT", externalId, "", change); }
  async getUser(externalId: string): Promise<User> { return this.#call("GET", externalId); }
  /** Erases the account: no live row names the person afterwards. */
  async deleteUser(externalId: string): Promise<void> { await this.#call("DELETE", externalId); }
  /** Mails an invitation to an account without a password (else `has_password`). */
  async invite(externalId: string): Promise<void> { await this.#call("POST", externalId, "/invite"); }
  /** The password no longer logs in; sessions end. */
  async expire(externalId: string): Promise<void> { await this.#call("POST", externalId, "/expire"); }
  async revokeLinks(externalId: string): Promise<void> { await this.#call("POST", externalId, "/revoke-links"); }
  /** Mails a reset link. */
  async mail(externalId: string): Promise<void> { await this.#call("POST", externalId, "/mail"); }
  /** A reset link for you to hand over (`not_found` unless `admin.links` is true). */
  async link(externalId: string): Promise<{ link: string; expires_at: string }> { return this.#call("POST", externalId, "/link"); }

  #call(method: string, externalId: string, verb = "", body?: object): Promise<any> {
    return this.#endpoint.call(method, `/users/${encodeURIComponent(externalId)}${verb}`, body);
  }
}

/** The message is not from keyturn, or too old: answer 401 and do nothing. */
export class WebhookRefused extends Error {}

/** The fields of a request, by name in any case: `Headers`, or an object. */
export type Fields = Headers | Record<string, string | string[] | undefined>;

/**
 * The message's JSON, if one of the secrets (`whsec_…`) signed it within the last `tolerance` seconds, by the scheme of Standard Webhooks.
 * `body` is the raw body, before anything parsed it. The same `webhook-id` is the same message: handle it once.
 */
export async function verifyWebhook(
  secrets: string | readonly string[], fields: Fields, body: string | Uint8Array,
  { tolerance = 300, now = Date.now() / 1000 } = {},
): Promise<any> {
  const [id, seconds, given] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => {
    const value = field(fields, name);
    if (!value) throw new WebhookRefused(`${name} is missing`);
    return value;
  }) as [string, string, string];
  if (!/^\d{1,12}$/.test(seconds)) throw new WebhookRefused("webhook-timestamp is no number");
  if (Math.abs(now - Number(seconds)) > tolerance) throw new WebhookRefused("webhook-timestamp is too far from now");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = joined(new TextEncoder().encode(`${id}.${seconds}.`), bytes);
  for (const secret of listed(secrets)) {
    const key = await imported(secret, "verify");
    for (const each of given.split(" ")) {
      const signature = each.startsWith("v1,") ? decoded(each.slice(3)) : null;
      // Compares in constant time.
      if (signature && (await crypto.subtle.verify("HMAC", key, signature as BufferSource, signed as BufferSource))) {
        const json = parsed(new TextDecoder().decode(bytes));
        if (json === null) throw new WebhookRefused("the body is no JSON");
        return json;
      }
    }
  }
  throw new WebhookRefused("no signature is right");
}

/** The value of `webhook-signature`: one signature a secret. */
export async function signWebhook(
  secrets: string | readonly string[], id: string, seconds: number, body: string,
): Promise<string> {
  const signed = new TextEncoder().encode(`${id}.${seconds}.${body}`);
  const signatures = listed(secrets).map(async (secret) => {
    const signature = await crypto.subtle.sign("HMAC", await imported(secret, "sign"), signed);
    return "v1," + btoa(String.fromCharCode(...new Uint8Array(signature)));
  });
  return (await Promise.all(signatures)).join(" ");
}

const listed = (secrets: string | readonly string[]) => (typeof secrets === "string" ? [secrets] : secrets);

function imported(secret: string, use: "sign" | "verify"): Promise<CryptoKey> {
  const key = decoded(secret.startsWith("whsec_") ? secret.slice(6) : secret);
  if (!key) throw new Error("a webhook secret is whsec_ and base64");
  return crypto.subtle.importKey("raw", key as BufferSource, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}

function field(fields: Fields, name: string): string | undefined {
  if (fields instanceof Headers) return fields.get(name) ?? undefined;
  const value = Object.entries(fields).find(([each]) => each.toLowerCase() === name)?.[1];
  return Array.isArray(value) ? value[0] : value;
}

function decoded(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  } catch {
    return null;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

export interface UserRecord {
  id: string;
  /** As it is stored: mail goes there. */
  email: string;
  verified: boolean;
  disabled?: boolean;
  /** Changes with every password, and cannot be guessed: see {@link keyMaterial}. */
  key_material: string;
}

/** The app's own rules refuse the password; the person sees `detail`, and the link stays good. */
export class PasswordRefused extends Error {
  constructor(readonly detail: string, readonly code = "password_rejected") { super(detail); }
}

/** SHA-256 of the stored password hash: enough for keyturn, and of no use for logging in. */
export async function keyMaterial(storedHash: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(storedHash));
  return [...new Uint8Array(digest)].map((each) => each.toString(16).padStart(2, "0")).join("");
}

export interface UsersStore {
  /** The users that have one of the addresses (compared without case) or one of the ids. */
  find(emails: string[], ids: string[]): Promise<UserRecord[]>;
  /**
   * Sets the password if the user's key material is still the one given, as one conditional UPDATE; whether it did. With
   * `users.http.sends = hash` the third argument is a password hash.
   */
  change(id: string, ifKeyMaterial: string, password: string): Promise<boolean>;
}

const REMEMBERED_MS = 600_000, REMEMBERED_MAX = 10_000;

/**
 * Answers keyturn's calls by two functions of yours: hand it each POST, send what it returns. The answer to a `reset_id` is repeated for
 * ten minutes, so a lost answer changes nothing twice. That memory is this process's; with several processes the conditional UPDATE alone
 * keeps the promise, and a repeat is answered 409.
 */
export function usersReceiver(secrets: string | readonly string[], store: UsersStore): (request: Request) => Promise<Response> {
  const answers = new Map<string, { at: number; answer: Promise<[number, object]> }>();

  async function found(data: any): Promise<object> {
    const emails: string[] = data.emails ?? [], ids: string[] = data.ids ?? [];
    const users = await store.find(emails, ids);
    return {
      users: users.flatMap((user) => [...emails.filter((each) => lower(each) === lower(user.email)), ...ids.filter((each) => each === user.id)]
        .map((each) => ({ for: each, disabled: false, ...user }))),
    };
  }

  async function change(data: any): Promise<[number, object]> {
    try {
      const changed = await store.change(data.id, data.if_key_material, data.password ?? data.password_hash);
      return [changed ? 200 : 409, { changed }];
    } catch (error) {
      if (!(error instanceof PasswordRefused)) throw error;
      return [422, { errors: [{ code: error.code, detail: error.detail }] }];
    }
  }

  async function changed(data: any): Promise<[number, object]> {
    const id = String(data.reset_id), before = answers.get(id);
    if (before && Date.now() - before.at < REMEMBERED_MS) return before.answer;
    const answer = change(data);
    answers.set(id, { at: Date.now(), answer });
    // What failed or was refused may be tried again.
    answer.then(([status]) => { if (status === 422) answers.delete(id); }, () => answers.delete(id));
    for (const oldest of answers.keys()) {
      if (answers.size <= REMEMBERED_MAX) break;
      answers.delete(oldest);
    }
    return answer;
  }

  return async (request) => {
    const raw = await request.text();
    let message: any;
    try {
      message = await verifyWebhook(secrets, request.headers, raw);
    } catch (error) {
      if (!(error instanceof WebhookRefused)) throw error;
      return new Response("{}", { status: 401, headers: { "Content-Type": "application/json" } });
    }
    const data = message.data ?? {};
    const [status, answer] = message.type === "users.find" ? [200, await found(data)]
      : message.type === "password.change" ? await changed(data) : [400, {}];
    const id = request.headers.get("webhook-id") ?? "", seconds = Math.floor(Date.now() / 1000), body = JSON.stringify(answer);
    return new Response(body, {
      status: status as number,
      headers: {
        "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": String(seconds),
        "webhook-signature": await signWebhook(secrets, id, seconds, body),
      },
    });
  };
}

const lower = (text: string) => text.replace(/[A-Z]/g, (each) => each.toLowerCase());
