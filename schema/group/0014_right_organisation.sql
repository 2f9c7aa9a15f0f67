-- What is open to everybody of an organisation is found without a look at what others have open to everybody of theirs.
ALTER TABLE folder_right ADD COLUMN organisation_id bigint; -- of the folder's mailbox
UPDATE folder_right r SET organisation_id = m.organisation_id
  FROM folder f JOIN mailbox m USING (mailbox_id) WHERE f.folder_id = r.folder_id;
ALTER TABLE folder_right ALTER COLUMN organisation_id SET NOT NULL;

CREATE FUNCTION name_right_organisation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT m.organisation_id INTO NEW.organisation_id
      FROM folder f JOIN mailbox m USING (mailbox_id) WHERE f.folder_id = NEW.folder_id;
    RETURN NEW;
END $$;
CREATE TRIGGER name_organisation BEFORE INSERT ON folder_right
    FOR EACH ROW EXECUTE FUNCTION name_right_organisation();

DROP INDEX folder_right_by_identifier;
CREATE INDEX folder_right_by_identifier ON folder_right (organisation_id, identifier COLLATE "C");
