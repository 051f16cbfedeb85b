-- Browsers are told of events of other streams, too. By way of negative numbers no row takes the place of another one.
ALTER TABLE push_due RENAME COLUMN conversation TO stream;
UPDATE push_due SET stream = -4 * stream;
UPDATE push_due SET stream = -stream;
