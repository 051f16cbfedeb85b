-- A conversation knows the number of its members, so that nothing has to count them.
ALTER TABLE conversation ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET members = (SELECT count(*) FROM member m WHERE m.conversation = conversation.id);

-- Whether the member is a guest.
ALTER TABLE member ADD COLUMN guest INTEGER NOT NULL DEFAULT 0;
UPDATE member SET guest = 1 WHERE person IN (SELECT id FROM person WHERE role = 'guest');

-- Members in the order in which they joined: all by pages, owners and guests at once.
CREATE INDEX member_by_age ON member (conversation, joined_seq, person);
CREATE INDEX member_owner ON member (conversation, joined_seq, person) WHERE role = 'owner';
CREATE INDEX member_guest ON member (conversation, joined_seq, person) WHERE guest = 1;
