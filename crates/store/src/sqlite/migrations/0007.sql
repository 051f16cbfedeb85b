-- The positions of the events that lost their content with this one, eight bytes each; NULL if there are none.
ALTER TABLE log ADD COLUMN erases BLOB;
