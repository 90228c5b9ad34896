// The TypeScript client against the binary: node check.mjs FOLDER, which holds the compiled client, the README's examples and given.json.
// Prints what it signed, for the reference library to judge.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const load = (name) => import(pathToFileURL(`${folder}/${name}.js`).href);
const given = JSON.parse(readFileSync(`${folder}/given.json`, "utf8"));
const { Keyturn, KeyturnError, WebhookRefused, keyMaterial, signWebhook, usersReceiver, verifyWebhook } = await load("keyturn");
const refused = (call, status, code) => assert.rejects(call, (error) => error instanceof KeyturnError && error.status === status && error.code === code);

// On the wire.
const keyturn = new Keyturn(given.url);
assert.equal(await keyturn.forgotPassword("nobody@example.com"), await keyturn.forgotPassword("nobody2@example.com"));
await refused(keyturn.checkLink("x"), 400, "token_invalid");
await refused(keyturn.resetPassword(given.token, "short"), 422, "password_rejected");
await refused(keyturn.login("ann@example.com", "wrong"), 401, "credentials_invalid");
await refused(new Keyturn("http://127.0.0.1:9").login("a", "b"), 0, "unreachable");

// The READMEs' examples.
console.log = () => {};
globalThis.token = given.token;
globalThis.secret = given.secret;
await load("flow");
const ended = [];
globalThis.endSessionsOf = (id) => ended.push(id);
const { hook } = await load("hook");
const request = (headers, body) => new Request("https://app.example.com/hook", { method: "POST", headers, body });
assert.equal((await hook(request(given.headers, given.body))).status, 204);
assert.deepEqual(ended, ["7"]);
assert.equal((await hook(request(given.headers, given.body + " "))).status, 401);

// Webhooks.
assert.equal((await verifyWebhook(["whsec_" + "A".repeat(32), given.secret], given.headers, given.body)).type, "password.changed");
for (const bad of [
  given.old, { ...given.headers, "webhook-id": "msg_2" }, { ...given.headers, "webhook-timestamp": "1e9" },
  { ...given.headers, "webhook-signature": "v1," }, { ...given.headers, "webhook-signature": "v2" + given.headers["webhook-signature"].slice(2) }, {},
]) await assert.rejects(verifyWebhook(given.secret, bad, given.body), WebhookRefused);

// The receiver of users.source = http.
const answers = [];
let hash = "$2b$old", changes = 0;
globalThis.db = {
  users: async (emails, ids) => emails.concat(ids).length ? [{ id: "7", email: "Ann@example.com", verified: true, hash }] : [],
  setPassword: async (id, material, password) => {
    if (material !== (await keyMaterial(hash))) return false;
    hash = "$2b$" + password;
    changes += 1;
    return true;
  },
};
const { receive } = await load("users");
async function call(type, data) {
  const body = JSON.stringify({ type, data }), seconds = Math.floor(Date.now() / 1000);
  const answer = await receive(request({
    "webhook-id": "msg_3", "webhook-timestamp": String(seconds), "webhook-signature": await signWebhook(given.secret, "msg_3", seconds, body),
  }, body));
  const text = await answer.text();
  answers.push({ headers: Object.fromEntries(answer.headers), body: text });
  return [answer.status, JSON.parse(text)];
}
const found = await receive(request(given.findHeaders, given.findBody));
const user = (await found.json()).users[0];
assert.equal(user.for, "ann@EXAMPLE.com");
assert.equal(user.key_material, await keyMaterial(hash));
const asked = { reset_id: "r1", id: "7", if_key_material: user.key_material, password: "a quiet lighthouse in fog" };
assert.equal((await call("password.change", { ...asked, password: "an example" }))[0], 422);
for (let each = 0; each < 3; each++) assert.deepEqual(await call("password.change", asked), [200, { changed: true }]);
assert.equal(changes, 1);
assert.deepEqual(await call("password.change", { ...asked, reset_id: "r2" }), [409, { changed: false }]);
assert.equal((await receive(request({}, "{}"))).status, 401);
for (const each of answers) process.stdout.write(JSON.stringify(each) + "\n");
