<?php
// The users table of Laravel's own migration (0001_01_01_000000_create_users_table) and PHP's password_hash, which Laravel's Hash calls.
// Laravel itself comes from Packagist; in an application with it, the table, the hash and config/keyturn.json are the same.
//
//     APP_DATABASE=app.sqlite php -S 127.0.0.1:8000 app.php
//
// POST /register and POST /login take {"email", "password"} as JSON and set the session's cookie; GET /me says who is signed in.

$database = new PDO('sqlite:' . getenv('APP_DATABASE'));
$database->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$database->exec('CREATE TABLE IF NOT EXISTS "users" ("id" integer primary key autoincrement not null, "name" varchar not null,
    "email" varchar not null, "email_verified_at" datetime, "password" varchar not null, "remember_token" varchar,
    "created_at" datetime, "updated_at" datetime)');
$database->exec('CREATE UNIQUE INDEX IF NOT EXISTS "users_email_unique" on "users" ("email")');
$database->exec('CREATE TABLE IF NOT EXISTS "password_reset_tokens" ("email" varchar not null, "token" varchar not null,
    "created_at" datetime, primary key ("email"))');
$database->exec('CREATE TABLE IF NOT EXISTS "sessions" ("id" varchar not null, "user_id" integer, "ip_address" varchar,
    "user_agent" text, "payload" text not null, "last_activity" integer not null, primary key ("id"))');

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode((object) $body);
}

function found(PDO $database, string $sql, array $values): array|false
{
    $statement = $database->prepare($sql);
    $statement->execute($values);
    return $statement->fetch(PDO::FETCH_ASSOC);
}

$body = json_decode(file_get_contents('php://input'), true) ?? [];
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);

if ($path === '/register') {
    $now = gmdate('Y-m-d H:i:s');
    $database->prepare('INSERT INTO users (name, email, email_verified_at, password, remember_token, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)')->execute([
            'A person', $body['email'], $now, password_hash($body['password'], PASSWORD_BCRYPT, ['cost' => 12]),
            bin2hex(random_bytes(30)), $now, $now,
        ]);
    answer(201, ['id' => $database->lastInsertId()]);
} elseif ($path === '/login') {
    $user = found($database, 'SELECT * FROM users WHERE email = ?', [$body['email']]);
    // Laravel refuses a hash of another algorithm than the configured one (hashing.bcrypt.verify).
    if (!$user || password_get_info($user['password'])['algoName'] !== 'bcrypt'
        || !password_verify($body['password'], $user['password'])) {
        answer(401, []);
    } else {
        $session = bin2hex(random_bytes(20));
        $database->prepare('INSERT INTO sessions (id, user_id, payload, last_activity) VALUES (?, ?, ?, ?)')
            ->execute([$session, $user['id'], '', time()]);
        setcookie('session', $session, ['httponly' => true, 'samesite' => 'Lax']);
        answer(200, ['id' => (string) $user['id']]);
    }
} elseif ($path === '/me') {
    $user = found($database, 'SELECT users.* FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?',
        [$_COOKIE['session'] ?? '']);
    answer($user ? 200 : 401, $user ? ['email' => $user['email']] : []);
} else {
    answer(404, []);
}
