<?php
// One JSON array of questions in, one of answers out: a new hash, or whether a password is that of a hash.
$answers = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $question) {
    [$password, $algorithm, $hash] = [$question['password'], $question['algorithm'] ?? null, $question['hash'] ?? null];
    $prepared = base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true));
    if (isset($question['wordpress'])) {
        $answers[] = str_starts_with($question['wordpress'], '$wp') && password_verify($prepared, substr($question['wordpress'], 3));
    } elseif ($algorithm === 'wordpress') {
        $answers[] = '$wp' . password_hash($prepared, PASSWORD_BCRYPT, ['cost' => 5]);
    } elseif ($hash !== null) {
        $answers[] = password_verify($password, $hash);
    } elseif ($algorithm === 'bcrypt') {
        $answers[] = password_hash($password, PASSWORD_BCRYPT, ['cost' => 5]);
    } elseif ($algorithm === 'argon2id') {
        $answers[] = defined("PASSWORD_ARGON2ID")
            ? password_hash($password, PASSWORD_ARGON2ID, ["memory_cost" => 1024, "time_cost" => 2]) : null;
    } else {
        $answers[] = crypt($password, $algorithm);
    }
}
echo json_encode($answers);
