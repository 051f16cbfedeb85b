/** One error for whatever the server, or the way to it, refuses. */
import type { ErrorBody } from './types.js';

/** Codes of the SDK's own, for when no answer of the server's was understood. */
export type LocalCode = 'network' | 'timeout' | 'not_encke' | 'expired' | 'stopped' | 'outbox_full';

export class ApiError extends Error {
  /** Stable: one of docs/protocol.md, or a `LocalCode`. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
  readonly retryAfterMs: number | null;
  /** The HTTP status; 0 when there was none. */
  readonly status: number;

  constructor(code: string, message: string, retry: boolean, retryAfterMs: number | null, status: number) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
    this.status = status;
  }

  static fromBody(body: ErrorBody, status: number, retryAfterMs: number | null = null): ApiError {
    return new ApiError(body.code, body.message, body.retry, body.retry_after_ms ?? retryAfterMs, status);
  }

  static local(code: LocalCode, message: string, retry: boolean, status = 0): ApiError {
    return new ApiError(code, message, retry, null, status);
  }

  /** Turns whatever was thrown into an ApiError: only `fetch` and our own code are ever caught with this. */
  static from(thrown: unknown): ApiError {
    if (thrown instanceof ApiError) return thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return ApiError.local('network', `The server could not be reached: ${why}`, true);
  }
}
