// The smallest Node application that keeps its accounts to itself (users.source = http): Node's own http and crypto, a JSON file as its
// database. With Express the two handlers are the same; the body must reach them as bytes (express.raw).
//
//     APP_DATABASE=app.json APP_PORT=3000 KEYTURN_USERS_SECRET=... node app.js
//
// POST /register and POST /login take {"email", "password"} as JSON and set the session's cookie; GET /me says who is signed in.
// POST /keyturn answers keyturn's two calls.
const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");

const file = process.env.APP_DATABASE;
const secret = process.env.KEYTURN_USERS_SECRET;
const users = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : [];
const sessions = new Map();
const outcomes = new Map();

function save() {
  const next = file + ".new";
  const descriptor = fs.openSync(next, "w", 0o600);
  fs.writeSync(descriptor, JSON.stringify(users));
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  fs.renameSync(next, file);
}

function hash(password, salt = crypto.randomBytes(16).toString("base64url")) {
  return "scrypt." + salt + "." + crypto.scryptSync(password, salt, 32, { N: 16384, r: 8, p: 5, maxmem: 64 << 20 }).toString("base64url");
}

const same = (a, b) => a.length === b.length && crypto.timingSafeEqual(Buffer.from(a), Buffer.from(b));
const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const keyMaterial = (user) => crypto.createHash("sha256").update(user.hash).digest("hex");

// Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.
function sign(id, seconds, body) {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  return "v1," + crypto.createHmac("sha256", key).update(`${id}.${seconds}.`).update(body).digest("base64");
}

function isSigned(request, body) {
  const [id, seconds, given] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => request.headers[name] ?? "");
  if (Math.abs(Date.now() / 1000 - Number(seconds)) > 300) return false;
  return given.split(" ").some((signature) => same(signature, sign(id, seconds, body)));
}

function find({ emails = [], ids = [] }) {
  const asked = new Set(emails.map(lower));
  return users.filter((user) => asked.has(lower(user.email)) || ids.includes(user.id)).map((user) => ({
    id: user.id, email: user.email, verified: true, disabled: false, key_material: keyMaterial(user),
  }));
}

// One conditional change, and the same answer to the same reset_id.
function change({ reset_id, id, if_key_material, password }) {
  if (outcomes.has(reset_id)) return outcomes.get(reset_id);
  const user = users.find((user) => user.id === id);
  const isChanged = user !== undefined && keyMaterial(user) === if_key_material;
  if (isChanged) {
    user.hash = hash(password);
    save();
    for (const [session, owner] of sessions) if (owner === id) sessions.delete(session);
  }
  outcomes.set(reset_id, isChanged);
  setTimeout(() => outcomes.delete(reset_id), 600_000).unref();
  return isChanged;
}

http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const answer = (status, json, headers = {}) => {
    const text = JSON.stringify(json);
    if (request.url === "/keyturn") {
      const [id, seconds] = [request.headers["webhook-id"] ?? "", String(Math.floor(Date.now() / 1000))];
      headers = { "webhook-timestamp": seconds, "webhook-signature": sign(id, seconds, text) };
    }
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(text);
  };
  if (request.url === "/keyturn") {
    if (!isSigned(request, body)) return answer(401, {});
    const { type, data } = JSON.parse(body);
    if (type === "users.find") return answer(200, { users: find(data) });
    if (type === "password.change") {
      const isChanged = change(data);
      return answer(isChanged ? 200 : 409, { changed: isChanged });
    }
    return answer(400, {});
  }
  const { email, password } = body.length ? JSON.parse(body) : {};
  if (request.url === "/register") {
    users.push({ id: String(users.length + 1), email, hash: hash(password) });
    save();
    return answer(201, { id: String(users.length) });
  }
  if (request.url === "/login") {
    const user = users.find((user) => lower(user.email) === lower(email));
    if (!user || !same(hash(password, user.hash.split(".")[1]), user.hash)) return answer(401, {});
    const session = crypto.randomBytes(20).toString("base64url");
    sessions.set(session, user.id);
    return answer(200, { id: user.id }, { "Set-Cookie": `session=${session}; HttpOnly; SameSite=Lax` });
  }
  const owner = sessions.get((request.headers.cookie ?? "").replace(/^session=/, ""));
  const user = users.find((user) => user.id === owner);
  return user ? answer(200, { email: user.email }) : answer(401, {});
}).listen(Number(process.env.APP_PORT), "127.0.0.1");
