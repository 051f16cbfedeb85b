-- The picture of a person, which is in the state 'portrait'.
CREATE INDEX file_portrait ON file (uploader) WHERE state = 'portrait';
