<?php
// Posts to a channel: ENCKE_TOKEN=… php publish.php news 'v1.2 is live'
// In a web application: require 'publish.php'; then publish('news', ['text' => '…']).

const TRIES_MAX = 5;

/**
 * Appends $data, anything that JSON can say, to the channel. All attempts have the same key, so that what was stored although
 * the answer got lost is not stored twice.
 */
function publish(string $channel, mixed $data, ?string $key = null): array
{
    $server = getenv('ENCKE_URL') ?: 'http://127.0.0.1:8080';
    $key ??= bin2hex(random_bytes(16));
    $request = [
        'method' => 'POST',
        'header' => [
            'Authorization: Bearer ' . getenv('ENCKE_TOKEN'),
            'Content-Type: application/json',
            "Idempotency-Key: $key",
        ],
        'content' => json_encode($data, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE),
        'timeout' => 10,
        'ignore_errors' => true,
    ];
    $address = "$server/v1/channels/" . rawurlencode($channel) . '/events';
    for ($tries = 1; ; $tries++) {
        $body = @file_get_contents($address, false, stream_context_create(['http' => $request]));
        $answer = $body === false ? null : json_decode($body, true);
        if (isset($answer['seq'])) {
            return $answer;
        }
        // A refusal says in "retry" whether it is of use to try again. No answer at all is worth another attempt.
        if (!($answer['retry'] ?? true) || $tries === TRIES_MAX) {
            throw new RuntimeException($answer['message'] ?? "No answer from $server.");
        }
        usleep(1000 * ($answer['retry_after_ms'] ?? 500 * $tries));
    }
}

if (realpath($_SERVER['SCRIPT_FILENAME'] ?? '') === __FILE__) {
    [, $channel, $text] = $argv + [null, null, null];
    if ($channel === null || $text === null) {
        exit("usage: php publish.php CHANNEL TEXT\n");
    }
    $stored = publish($channel, ['text' => $text, 'by' => 'PHP']);
    echo "Stored as number {$stored['seq']} of $channel.\n";
}
