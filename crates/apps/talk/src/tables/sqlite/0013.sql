-- The conversation whose members may read a pinned message: its own, or the one that its thread is part of.
ALTER TABLE amended ADD COLUMN pinned_in INTEGER;
UPDATE amended SET pinned_in = (SELECT coalesce(c.parent, c.id) FROM conversation c WHERE c.id = amended.conversation)
WHERE pinned_position IS NOT NULL;

-- Pinned messages in the order of the log: those of some conversations, and all.
CREATE INDEX amended_pinned_in ON amended (pinned_in, position) WHERE pinned_position IS NOT NULL;
CREATE INDEX amended_pinned_at ON amended (position) WHERE pinned_position IS NOT NULL;
