-- The blocked visitors of a desk, to be listed.
CREATE INDEX visitor_blocked ON visitor (house, person) WHERE blocked = 1;
