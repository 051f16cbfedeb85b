-- Conversations that somebody else has brought a person into, and that it has not looked at.
CREATE INDEX member_unseen ON member (person, conversation) WHERE invited_by IS NOT NULL AND read = 0;
